"""``python -m adjoint``: the same as the command ``adjoint``."""

from adjoint.cli.main import main

if __name__ == "__main__":
    main()
