"""The functions that entries share the text of: binding keywords, checking arrays, letting go.

They stand in every module that uses them, so that a module needs nothing but Python and NumPy. None is optimised
(optnone): their code takes a third of the time to make, and as long to run, since most of it is memory and calls.
"""

from __future__ import annotations

from adjoint.compile.llvm.entry_layout import (
    BUILTIN_DEFINITION,
    BUILTIN_SELF,
    CONTIGUOUS_ALIGNED,
    DATA,
    DEFINITION_CODE,
    DTYPE,
    DTYPE_NUMBER,
    DTYPE_ORDER,
    FLAGS,
    FOREIGN_ORDER,
    NDIM,
    SHAPE,
    SIZE,
    TUPLE_ITEMS,
    TYPE,
)

#: Where an instance of `Called` keeps the builtin that it stands for, behind its head and the code's address.
CALLED_CODE, CALLED_BUILTIN = 16, 24

#: Name of the helper: its text, and the functions and constants of Python that it uses.
HELPERS: dict[str, tuple[str, tuple[str, ...]]] = {}

# One slot for each parameter: first those given by position, then those given by name. A name that is the same
# object as the parameter's is found at once; others are compared. `count` parameters, `most` of them by position.
HELPERS["bind"] = (
    f"""
define internal i1 @entry.bind(ptr %names, ptr %args, i64 %nargs, ptr %kwnames, ptr %slots, i64 %count, i64 %most)
    optnone noinline {{
  %many = icmp ugt i64 %nargs, %most
  br i1 %many, label %no, label %positions
positions:
  %given = shl i64 %nargs, 3
  %all = shl i64 %count, 3
  call void @llvm.memset.p0.i64(ptr align 8 %slots, i8 0, i64 %all, i1 false)
  call void @llvm.memcpy.p0.p0.i64(ptr align 8 %slots, ptr align 8 %args, i64 %given, i1 false)
  %none = icmp eq ptr %kwnames, null
  br i1 %none, label %counted, label %measured
measured:
  %size = getelementptr i8, ptr %kwnames, i64 {SIZE}
  %length = load i64, ptr %size
  br label %counted
counted:
  %named = phi i64 [0, %positions], [%length, %measured]
  %total = add i64 %named, %nargs
  %right = icmp eq i64 %total, %count
  br i1 %right, label %next, label %no
next:
  %k = phi i64 [0, %counted], [%k1, %put]
  %more = icmp ult i64 %k, %named
  br i1 %more, label %word, label %yes
word:
  %wordat = getelementptr ptr, ptr %kwnames, i64 %k
  %wordin = getelementptr i8, ptr %wordat, i64 {TUPLE_ITEMS}
  %key = load ptr, ptr %wordin
  br label %same
same:
  %p = phi i64 [%nargs, %word], [%p1, %differ]
  %last = icmp ult i64 %p, %count
  br i1 %last, label %compare, label %again
compare:
  %nameat = getelementptr ptr, ptr %names, i64 %p
  %namein = getelementptr i8, ptr %nameat, i64 {TUPLE_ITEMS}
  %name = load ptr, ptr %namein
  %is = icmp eq ptr %name, %key
  %p1 = add i64 %p, 1
  br i1 %is, label %found, label %differ
differ:
  br label %same
again:
  %q = phi i64 [%nargs, %same], [%q1, %unequal]
  %qlast = icmp ult i64 %q, %count
  br i1 %qlast, label %equal, label %no
equal:
  %otherat = getelementptr ptr, ptr %names, i64 %q
  %otherin = getelementptr i8, ptr %otherat, i64 {TUPLE_ITEMS}
  %other = load ptr, ptr %otherin
  %compared = call i32 @PyObject_RichCompareBool(ptr %other, ptr %key, i32 2)
  %q1 = add i64 %q, 1
  switch i32 %compared, label %raised [ i32 1, label %found  i32 0, label %unequal ]
unequal:
  br label %again
raised:
  call void @PyErr_Clear()
  br label %no
found:
  %which = phi i64 [%p, %compare], [%q, %equal]
  %slot = getelementptr ptr, ptr %slots, i64 %which
  %before = load ptr, ptr %slot
  %twice = icmp ne ptr %before, null
  br i1 %twice, label %no, label %put
put:
  %index = add i64 %nargs, %k
  %from = getelementptr ptr, ptr %args, i64 %index
  %value = load ptr, ptr %from
  store ptr %value, ptr %slot
  %k1 = add i64 %k, 1
  br label %next
yes:
  ret i1 true
no:
  ret i1 false
}}""",
    ("PyErr_Clear", "PyObject_RichCompareBool", "llvm.memcpy.p0.p0.i64", "llvm.memset.p0.i64"),
)

# The data of an array of exactly this type, dtype, shape and layout; null for anything else.
HELPERS["array"] = (
    f"""
define internal ptr @entry.array(ptr %o, ptr %dtype, i32 %number, i32 %ndim, ptr %shape) optnone noinline {{
  %typeat = getelementptr i8, ptr %o, i64 {TYPE}
  %type = load ptr, ptr %typeat
  %isarray = icmp eq ptr %type, @adjoint_type_ndarray
  br i1 %isarray, label %element, label %no
element:
  %dat = getelementptr i8, ptr %o, i64 {DTYPE}
  %d = load ptr, ptr %dat
  %same = icmp eq ptr %d, %dtype
  br i1 %same, label %layout, label %other
other:
  %numberat = getelementptr i8, ptr %d, i64 {DTYPE_NUMBER}
  %n = load i32, ptr %numberat
  %orderat = getelementptr i8, ptr %d, i64 {DTYPE_ORDER}
  %order = load i8, ptr %orderat
  %isnumber = icmp eq i32 %n, %number
  %isorder = icmp ne i8 %order, {FOREIGN_ORDER}
  %native = and i1 %isnumber, %isorder
  br i1 %native, label %layout, label %no
layout:
  %flagsat = getelementptr i8, ptr %o, i64 {FLAGS}
  %flags = load i32, ptr %flagsat
  %masked = and i32 %flags, {CONTIGUOUS_ALIGNED}
  %laid = icmp eq i32 %masked, {CONTIGUOUS_ALIGNED}
  %ndimat = getelementptr i8, ptr %o, i64 {NDIM}
  %nd = load i32, ptr %ndimat
  %isnd = icmp eq i32 %nd, %ndim
  %fit = and i1 %laid, %isnd
  br i1 %fit, label %axes, label %no
axes:
  %dimsat = getelementptr i8, ptr %o, i64 {SHAPE}
  %dims = load ptr, ptr %dimsat
  br label %axis
axis:
  %k = phi i32 [0, %axes], [%k1, %length]
  %more = icmp ult i32 %k, %ndim
  br i1 %more, label %length, label %yes
length:
  %mineat = getelementptr i64, ptr %shape, i32 %k
  %mine = load i64, ptr %mineat
  %itsat = getelementptr i64, ptr %dims, i32 %k
  %its = load i64, ptr %itsat
  %k1 = add i32 %k, 1
  %equal = icmp eq i64 %mine, %its
  br i1 %equal, label %axis, label %no
yes:
  %dataat = getelementptr i8, ptr %o, i64 {DATA}
  %data = load ptr, ptr %dataat
  ret ptr %data
no:
  ret ptr null
}}""",
    ("adjoint_type_ndarray",),
)

# Whether the memory of one input touches none of the others'. A size of 0: no array, or an empty one.
HELPERS["apart"] = (
    """
define internal i1 @entry.apart(ptr %inputs, ptr %sizes, i64 %count, i64 %which) optnone noinline {
  %at = getelementptr ptr, ptr %inputs, i64 %which
  %begin = load ptr, ptr %at
  %sizeat = getelementptr i64, ptr %sizes, i64 %which
  %size = load i64, ptr %sizeat
  %end = getelementptr i8, ptr %begin, i64 %size
  br label %next
next:
  %k = phi i64 [0, %0], [%k1, %on]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %try, label %yes
try:
  %otherat = getelementptr ptr, ptr %inputs, i64 %k
  %other = load ptr, ptr %otherat
  %itssizeat = getelementptr i64, ptr %sizes, i64 %k
  %itssize = load i64, ptr %itssizeat
  %itsend = getelementptr i8, ptr %other, i64 %itssize
  %differs = icmp ne i64 %k, %which
  %filled = icmp ne i64 %itssize, 0
  %before = icmp ult ptr %other, %end
  %behind = icmp ult ptr %begin, %itsend
  %a = and i1 %differs, %filled
  %b = and i1 %before, %behind
  %touch = and i1 %a, %b
  br i1 %touch, label %no, label %on
on:
  %k1 = add i64 %k, 1
  br label %next
yes:
  ret i1 true
no:
  ret i1 false
}""",
    (),
)

# Whether an argument is the recorded object, or an equal int or str: what else is equal may behave differently.
HELPERS["same"] = (
    f"""
define internal i1 @entry.same(ptr %o, ptr %recorded) optnone noinline {{
  %is = icmp eq ptr %o, %recorded
  br i1 %is, label %yes, label %types
types:
  %oneat = getelementptr i8, ptr %o, i64 {TYPE}
  %one = load ptr, ptr %oneat
  %twoat = getelementptr i8, ptr %recorded, i64 {TYPE}
  %two = load ptr, ptr %twoat
  %alike = icmp eq ptr %one, %two
  %int = icmp eq ptr %one, @adjoint_type_int
  %str = icmp eq ptr %one, @adjoint_type_str
  %plain = or i1 %int, %str
  %both = and i1 %alike, %plain
  br i1 %both, label %equal, label %no
equal:
  %compared = call i32 @PyObject_RichCompareBool(ptr %o, ptr %recorded, i32 2)
  %so = icmp eq i32 %compared, 1
  ret i1 %so
yes:
  ret i1 true
no:
  ret i1 false
}}""",
    ("PyObject_RichCompareBool", "adjoint_type_int", "adjoint_type_str"),
)

# Let go of so many objects; null ones are passed over.
HELPERS["release"] = (
    """
define internal void @entry.release(ptr %objects, i64 %count) optnone noinline {
  br label %next
next:
  %k = phi i64 [0, %0], [%k1, %drop]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %drop, label %done
drop:
  %at = getelementptr ptr, ptr %objects, i64 %k
  %o = load ptr, ptr %at
  call void @Py_DecRef(ptr %o)
  %k1 = add i64 %k, 1
  br label %next
done:
  ret void
}""",
    ("Py_DecRef",),
)

# What a call of an instance runs: the builtin that it keeps, held for as long as it works. This code belongs to
# the first builtin that the instance had; the instance keeps it, so that it is there to return to. A builtin is
# never immortal, so that its count of references is the low half of the first word in every version.
HELPERS["vector"] = (
    f"""
@entry.torn = private unnamed_addr constant [43 x i8] c"this compiled function is being taken away\\00"
define ptr @vector(ptr %called, ptr %args, i64 %nargs, ptr %kwnames) optnone noinline {{
  %at = getelementptr i8, ptr %called, i64 {CALLED_BUILTIN}
  %builtin = load ptr, ptr %at
  %torn = icmp eq ptr %builtin, null
  br i1 %torn, label %no, label %yes
yes:
  %count0 = load i32, ptr %builtin
  %count1 = add i32 %count0, 1
  store i32 %count1, ptr %builtin
  %definitionat = getelementptr i8, ptr %builtin, i64 {BUILTIN_DEFINITION}
  %definition = load ptr, ptr %definitionat
  %selfat = getelementptr i8, ptr %builtin, i64 {BUILTIN_SELF}
  %self = load ptr, ptr %selfat
  %codeat = getelementptr i8, ptr %definition, i64 {DEFINITION_CODE}
  %code = load ptr, ptr %codeat
  %given = and i64 %nargs, 9223372036854775807
  %result = call ptr %code(ptr %self, ptr %args, i64 %given, ptr %kwnames)
  %count2 = load i32, ptr %builtin
  %only = icmp eq i32 %count2, 1
  br i1 %only, label %free, label %keep
keep:
  %count3 = sub i32 %count2, 1
  store i32 %count3, ptr %builtin
  ret ptr %result
free:
  call void @Py_DecRef(ptr %builtin)
  ret ptr %result
no:
  call void @PyErr_SetString(ptr @adjoint_error, ptr @entry.torn)
  ret ptr null
}}""",
    ("Py_DecRef", "PyErr_SetString", "adjoint_error"),
)
