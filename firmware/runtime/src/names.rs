//! The interned strings of the firmware itself.
//!
//! Each constant is the number of its text; texts of the `.mpy` format keep the number they have there.
#![expect(
    non_upper_case_globals,
    reason = "a constant is spelt as the Python name it stands for"
)]

use upy_bytecode::qstr::{STATIC, STATIC_COUNT};

use crate::intern::Qstr;

/// How many strings are in ROM: those of the format, then those below.
pub(crate) const ROM_COUNT: usize = STATIC_COUNT as usize + OWN_COUNT;

/// The text of a string in ROM.
#[inline]
pub(crate) const fn rom_text(rom_number: usize) -> &'static str {
    if rom_number == 0 {
        return "";
    }
    if rom_number <= STATIC_COUNT as usize {
        return STATIC[rom_number - 1];
    }
    OWN[rom_number - 1 - STATIC_COUNT as usize]
}

pub(crate) const fn same_text(left_text: &str, right_text: &str) -> bool {
    let (left_text, right_text) = (left_text.as_bytes(), right_text.as_bytes());
    if left_text.len() != right_text.len() {
        return false;
    }
    let mut byte_at = 0;
    while byte_at < left_text.len() {
        if left_text[byte_at] != right_text[byte_at] {
            return false;
        }
        byte_at += 1;
    }
    true
}

/// The number of a text in ROM, if it is there.
pub(crate) const fn rom_number(rom_name: &str) -> Option<Qstr> {
    let mut rom_number = 1;
    while rom_number <= ROM_COUNT {
        if same_text(rom_text(rom_number), rom_name) {
            return Some(Qstr(rom_number as u16));
        }
        rom_number += 1;
    }
    None
}

/// The number of a text in ROM.
const fn number_of(rom_name: &str) -> Qstr {
    match rom_number(rom_name) {
        Some(number) => number,
        None => panic!("every name below has a text"),
    }
}

macro_rules! fixed {
    ($($name:ident $text:literal;)*) => {
        $( pub(crate) const $name: Qstr = number_of($text); )*
    };
}

macro_rules! own {
    ($($name:ident $text:literal;)*) => {
        const OWN: &[&str] = &[ $( $text, )* ];
        const OWN_COUNT: usize = OWN.len();
        fixed! { $( $name $text; )* }
    };
}

// Texts the format numbers.
fixed! {
    ArithmeticError "ArithmeticError";
    AssertionError "AssertionError";
    AttributeError "AttributeError";
    BaseException "BaseException";
    EOFError "EOFError";
    Ellipsis "Ellipsis";
    Exception "Exception";
    GeneratorExit "GeneratorExit";
    ImportError "ImportError";
    IndentationError "IndentationError";
    IndexError "IndexError";
    KeyError "KeyError";
    KeyboardInterrupt "KeyboardInterrupt";
    LookupError "LookupError";
    MemoryError "MemoryError";
    NameError "NameError";
    NoneType "NoneType";
    NotImplementedError "NotImplementedError";
    OSError "OSError";
    OverflowError "OverflowError";
    RuntimeError "RuntimeError";
    StopIteration "StopIteration";
    SyntaxError "SyntaxError";
    SystemExit "SystemExit";
    TypeError "TypeError";
    ValueError "ValueError";
    ZeroDivisionError "ZeroDivisionError";
    __call__ "__call__";
    __class__ "__class__";
    __delitem__ "__delitem__";
    __dir__ "__dir__";
    __enter__ "__enter__";
    __exit__ "__exit__";
    __getattr__ "__getattr__";
    __getitem__ "__getitem__";
    __hash__ "__hash__";
    __init__ "__init__";
    __int__ "__int__";
    __iter__ "__iter__";
    __len__ "__len__";
    __main__ "__main__";
    __name__ "__name__";
    __new__ "__new__";
    __next__ "__next__";
    __qualname__ "__qualname__";
    __repr__ "__repr__";
    __setitem__ "__setitem__";
    __str__ "__str__";
    _underscore "_";
    abs "abs";
    all "all";
    any "any";
    append "append";
    args "args";
    bool "bool";
    builtins "builtins";
    bytearray "bytearray";
    bytes "bytes";
    callable "callable";
    chr "chr";
    classmethod "classmethod";
    clear "clear";
    close "close";
    const_ "const";
    copy "copy";
    count "count";
    dict "dict";
    dir "dir";
    divmod "divmod";
    empty "";
    end "end";
    endswith "endswith";
    eval "eval";
    exec "exec";
    extend "extend";
    find "find";
    format "format";
    from_bytes "from_bytes";
    get "get";
    getattr "getattr";
    globals "globals";
    hasattr "hasattr";
    hash "hash";
    id "id";
    index "index";
    insert "insert";
    int "int";
    isalpha "isalpha";
    isdigit "isdigit";
    isinstance "isinstance";
    islower "islower";
    isspace "isspace";
    issubclass "issubclass";
    isupper "isupper";
    items "items";
    iter "iter";
    join "join";
    key "key";
    keys "keys";
    len "len";
    list "list";
    little "little";
    locals "locals";
    lower "lower";
    lstrip "lstrip";
    map "map";
    micropython "micropython";
    newline "\n";
    next "next";
    object "object";
    open "open";
    ord "ord";
    pop "pop";
    popitem "popitem";
    pow "pow";
    print "print";
    range "range";
    read "read";
    readinto "readinto";
    readline "readline";
    remove "remove";
    replace "replace";
    repr "repr";
    reverse "reverse";
    rfind "rfind";
    rindex "rindex";
    round "round";
    rsplit "rsplit";
    rstrip "rstrip";
    send "send";
    sep "sep";
    set "set";
    setattr "setattr";
    setdefault "setdefault";
    sort "sort";
    sorted "sorted";
    space " ";
    split "split";
    start "start";
    startswith "startswith";
    staticmethod "staticmethod";
    step "step";
    stop "stop";
    str "str";
    strip "strip";
    sum "sum";
    super_ "super";
    throw "throw";
    to_bytes "to_bytes";
    tuple "tuple";
    type_ "type";
    update "update";
    upper "upper";
    value "value";
    values "values";
    write "write";
    zip "zip";
}

// Texts that are only in this firmware.
own! {
    BytesIO "BytesIO";
    EACCES "EACCES";
    EADDRINUSE "EADDRINUSE";
    EAGAIN "EAGAIN";
    EALREADY "EALREADY";
    EBADF "EBADF";
    ECONNABORTED "ECONNABORTED";
    ECONNREFUSED "ECONNREFUSED";
    ECONNRESET "ECONNRESET";
    EEXIST "EEXIST";
    EHOSTUNREACH "EHOSTUNREACH";
    EINPROGRESS "EINPROGRESS";
    EINVAL "EINVAL";
    EIO "EIO";
    EISDIR "EISDIR";
    ENOBUFS "ENOBUFS";
    ENODEV "ENODEV";
    ENOENT "ENOENT";
    ENOMEM "ENOMEM";
    ENOTCONN "ENOTCONN";
    EOPNOTSUPP "EOPNOTSUPP";
    EPERM "EPERM";
    ETIMEDOUT "ETIMEDOUT";
    FileIO "FileIO";
    NotImplemented "NotImplemented";
    NotImplementedType "NotImplementedType";
    OrderedDict "OrderedDict";
    StopAsyncIteration "StopAsyncIteration";
    StringIO "StringIO";
    TextIOWrapper "TextIOWrapper";
    UnicodeError "UnicodeError";
    ViperTypeError "ViperTypeError";
    __abs__ "__abs__";
    __add__ "__add__";
    __all__ "__all__";
    __and__ "__and__";
    __bases__ "__bases__";
    __bool__ "__bool__";
    __build_class__ "__build_class__";
    __complex__ "__complex__";
    __contains__ "__contains__";
    __del__ "__del__";
    __delattr__ "__delattr__";
    __delete__ "__delete__";
    __dict__ "__dict__";
    __divmod__ "__divmod__";
    __eq__ "__eq__";
    __file__ "__file__";
    __float__ "__float__";
    __floordiv__ "__floordiv__";
    __ge__ "__ge__";
    __get__ "__get__";
    __globals__ "__globals__";
    __gt__ "__gt__";
    __iadd__ "__iadd__";
    __iand__ "__iand__";
    __ifloordiv__ "__ifloordiv__";
    __ilshift__ "__ilshift__";
    __imatmul__ "__imatmul__";
    __imod__ "__imod__";
    __import__ "__import__";
    __imul__ "__imul__";
    __invert__ "__invert__";
    __ior__ "__ior__";
    __ipow__ "__ipow__";
    __irshift__ "__irshift__";
    __isub__ "__isub__";
    __itruediv__ "__itruediv__";
    __ixor__ "__ixor__";
    __le__ "__le__";
    __lshift__ "__lshift__";
    __lt__ "__lt__";
    __matmul__ "__matmul__";
    __mod__ "__mod__";
    __mul__ "__mul__";
    __native_init__ "__native_init__";
    __ne__ "__ne__";
    __neg__ "__neg__";
    __or__ "__or__";
    __path__ "__path__";
    __pos__ "__pos__";
    __pow__ "__pow__";
    __radd__ "__radd__";
    __rand__ "__rand__";
    __rdivmod__ "__rdivmod__";
    __repl_print__ "__repl_print__";
    __reversed__ "__reversed__";
    __rfloordiv__ "__rfloordiv__";
    __rlshift__ "__rlshift__";
    __rmatmul__ "__rmatmul__";
    __rmod__ "__rmod__";
    __rmul__ "__rmul__";
    __ror__ "__ror__";
    __rpow__ "__rpow__";
    __rrshift__ "__rrshift__";
    __rshift__ "__rshift__";
    __rsub__ "__rsub__";
    __rtruediv__ "__rtruediv__";
    __rxor__ "__rxor__";
    __set__ "__set__";
    __set_name__ "__set_name__";
    __setattr__ "__setattr__";
    __sub__ "__sub__";
    __traceback__ "__traceback__";
    __truediv__ "__truediv__";
    __xor__ "__xor__";
    _fields "_fields";
    _gone "_gone";
    _machine "_machine";
    _mpy "_mpy";
    abs_tol "abs_tol";
    acos "acos";
    acosh "acosh";
    add "add";
    alloc_emergency_exception_buf "alloc_emergency_exception_buf";
    appendleft "appendleft";
    argv "argv";
    array "array";
    asin "asin";
    asinh "asinh";
    atan "atan";
    atan2 "atan2";
    atanh "atanh";
    atexit "atexit";
    big "big";
    bin "bin";
    exc_info "exc_info";
    bound_method "bound_method";
    buffer "buffer";
    byteorder "byteorder";
    calcsize "calcsize";
    ceil "ceil";
    cell "cell";
    center "center";
    closure "closure";
    cmath "cmath";
    code "code";
    collect "collect";
    collections "collections";
    compile "compile";
    complex "complex";
    copysign "copysign";
    cos "cos";
    cosh "cosh";
    decode "decode";
    default "default";
    degrees "degrees";
    delattr "delattr";
    deleter "deleter";
    deque "deque";
    dict_view "dict_view";
    difference "difference";
    difference_update "difference_update";
    disable "disable";
    discard "discard";
    e "e";
    enable "enable";
    encode "encode";
    enumerate "enumerate";
    erf "erf";
    erfc "erfc";
    errno "errno";
    errorcode "errorcode";
    execfile "execfile";
    exit "exit";
    exp "exp";
    expm1 "expm1";
    fabs "fabs";
    factorial "factorial";
    fdel "fdel";
    fget "fget";
    file "file";
    fileno "fileno";
    filter "filter";
    float "float";
    floor "floor";
    flush "flush";
    fmod "fmod";
    frexp "frexp";
    fromhex "fromhex";
    fromkeys "fromkeys";
    frozenset "frozenset";
    fset "fset";
    function "function";
    gamma "gamma";
    gc "gc";
    generator "generator";
    getter "getter";
    getvalue "getvalue";
    heap_lock "heap_lock";
    heap_unlock "heap_unlock";
    help "help";
    hex "hex";
    imag "imag";
    implementation "implementation";
    indices "indices";
    inf "inf";
    input "input";
    intersection "intersection";
    intersection_update "intersection_update";
    io "io";
    isclose "isclose";
    isdisjoint "isdisjoint";
    isenabled "isenabled";
    isfinite "isfinite";
    isinf "isinf";
    isnan "isnan";
    issubset "issubset";
    issuperset "issuperset";
    itemsize "itemsize";
    iterable "iterable";
    iterator "iterator";
    kbd_intr "kbd_intr";
    keepends "keepends";
    ldexp "ldexp";
    length "length";
    lgamma "lgamma";
    log "log";
    log10 "log10";
    log2 "log2";
    math "math";
    max "max";
    maxsize "maxsize";
    maxsplit "maxsplit";
    mem_alloc "mem_alloc";
    mem_current "mem_current";
    mem_free "mem_free";
    mem_info "mem_info";
    mem_peak "mem_peak";
    mem_total "mem_total";
    memoryview "memoryview";
    min "min";
    mode "mode";
    modf "modf";
    module "module";
    modules "modules";
    name "name";
    namedtuple "namedtuple";
    nan "nan";
    oct "oct";
    opt_level "opt_level";
    pack "pack";
    pack_into "pack_into";
    partition "partition";
    path "path";
    pend_throw "pend_throw";
    phase "phase";
    pi "pi";
    platform "platform";
    polar "polar";
    popleft "popleft";
    print_exception "print_exception";
    property "property";
    ps1 "ps1";
    ps2 "ps2";
    qstr_info "qstr_info";
    r "r";
    radians "radians";
    readlines "readlines";
    real "real";
    rect "rect";
    rel_tol "rel_tol";
    reversed "reversed";
    rpartition "rpartition";
    schedule "schedule";
    seek "seek";
    setter "setter";
    signed "signed";
    sin "sin";
    sinh "sinh";
    sleep "sleep";
    sleep_ms "sleep_ms";
    slice "slice";
    splitlines "splitlines";
    sqrt "sqrt";
    stack_use "stack_use";
    stderr "stderr";
    stdin "stdin";
    stdout "stdout";
    string "string";
    string_file "<string>";
    struct_ "struct";
    symmetric_difference "symmetric_difference";
    symmetric_difference_update "symmetric_difference_update";
    sys "sys";
    tan "tan";
    tanh "tanh";
    tau "tau";
    tell "tell";
    threshold "threshold";
    ticks_add "ticks_add";
    ticks_diff "ticks_diff";
    ticks_ms "ticks_ms";
    ticks_us "ticks_us";
    time "time";
    trunc "trunc";
    union "union";
    unpack "unpack";
    unpack_from "unpack_from";
    version "version";
    version_info "version_info";
    ioctl "ioctl";
    IOBase "IOBase";
    RingIO "RingIO";
    rb "rb";
}
