"""The scripts and styles of the workbench's page; they are read, not imported."""
