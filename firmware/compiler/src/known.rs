//! Names that exist before the source is read.
//!
//! The static strings of the `.mpy` format come first, under their numbers. The names after them
//! decide only one thing: a string of more than ten bytes that is in the table is loaded as a name,
//! any other as a constant. They are the long strings that `mpy-cross` v1.29.0 knows, so that
//! images come out equal, and the short names that the compiler asks for.

use upy_bytecode::qstr::{STATIC, STATIC_COUNT};
use upy_syntax::name::{Name, Names, Predefined, sorted_order};

/// Names after the static strings.
const MORE: [&str; 45] = [
    "<dictcomp>",
    "<genexpr>",
    "<lambda>",
    "<listcomp>",
    "<setcomp>",
    "Interpolation",
    "OrderedDict",
    "StopAsyncIteration",
    "UnicodeError",
    "ViperTypeError",
    "__aenter__",
    "__aexit__",
    "__aiter__",
    "__anext__",
    "__build_class__",
    "__complex__",
    "__contains__",
    "__repl_print__",
    "__reversed__",
    "__template__",
    "__traceback__",
    "asm_rv32",
    "asm_thumb",
    "asm_xtensa",
    "bound_method",
    "format_spec",
    "heap_unlock",
    "interpolations",
    "intersection",
    "intersection_update",
    "math",
    "maximum recursion depth exceeded",
    "native",
    "ptr",
    "ptr16",
    "ptr32",
    "ptr8",
    "string.templatelib",
    "symmetric_difference",
    "symmetric_difference_update",
    "uint",
    "unpack_from",
    "vcvt_f32_s32",
    "vcvt_s32_f32",
    "viper",
];

const COUNT: usize = STATIC_COUNT as usize + MORE.len();

/// The static strings and the names after them.
static TEXTS: [&str; COUNT] = {
    let mut texts = [""; COUNT];
    let mut index = 0;
    while index < COUNT {
        texts[index] = if index < STATIC_COUNT as usize {
            STATIC[index]
        } else {
            MORE[index - STATIC_COUNT as usize]
        };
        index += 1;
    }
    texts
};
static ORDER: [u16; COUNT] = sorted_order(&TEXTS);

/// The table for [`Names::new`].
pub(crate) const PREDEFINED: Predefined = Predefined {
    texts: &TEXTS,
    order: &ORDER,
};

macro_rules! known_names {
    ($( $field:ident $text:literal; )*) => {
        /// Names that the compiler treats specially or puts into code.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct Known {
            $( pub(crate) $field: Name, )*
        }

        impl Known {
            /// The names, looked up once.
            pub(crate) fn new(names: &Names) -> Self {
                Self { $( $field: names.known($text), )* }
            }
        }
    };
}

known_names! {
    empty "";
    star "*";
    module "<module>";
    lambda "<lambda>";
    list_comprehension "<listcomp>";
    dict_comprehension "<dictcomp>";
    set_comprehension "<setcomp>";
    generator_expression "<genexpr>";
    super_ "super";
    class "__class__";
    name "__name__";
    module_attribute "__module__";
    qualname "__qualname__";
    repl_print "__repl_print__";
    range "range";
    assertion_error "AssertionError";
    base_exception "BaseException";
    stop_async_iteration "StopAsyncIteration";
    aiter "__aiter__";
    anext "__anext__";
    aenter "__aenter__";
    aexit "__aexit__";
    ordered_dict "OrderedDict";
    micropython "micropython";
    bytecode "bytecode";
    native "native";
    viper "viper";
    asm_thumb "asm_thumb";
    asm_xtensa "asm_xtensa";
    asm_rv32 "asm_rv32";
    ptr "ptr";
    ptr8 "ptr8";
    ptr16 "ptr16";
    ptr32 "ptr32";
    uint "uint";
}
