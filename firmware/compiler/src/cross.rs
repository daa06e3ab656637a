//! The command line of `mpy-cross`, for programs that stand in for it.
//!
//! Only the arguments are understood here; reading the source and writing the image is the caller's
//! work, because this crate has no files. Options that choose machine code are accepted where
//! bytecode can stand in for it.
//!
//! Source: `mpy-cross --help` of v1.29.0.

use core::fmt;

use crate::{CompileError, NativeCode, Options, Output, Usage, compile};

/// What a command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The file to compile; `-` for the standard input.
    pub input: &'a str,
    /// Where the image goes.
    pub image: ImageName<'a>,
    /// How it is compiled.
    pub options: Options<'a>,
    /// Whether only the version is asked for; `input` is then empty.
    pub shows_version: bool,
}

/// Where an image goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageName<'a> {
    /// The standard output.
    Standard,
    /// This file.
    File(&'a str),
    /// The file with this name and `mpy` after it.
    Beside {
        /// The input without its last two bytes.
        stem: &'a str,
    },
}

/// A command line that is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageError<'a> {
    /// There is no file to compile.
    NoInput,
    /// There is more than one.
    SeveralInputs {
        /// The second one.
        second: &'a str,
    },
    /// An option without the value that must follow.
    MissingValue {
        /// The option.
        option: &'a str,
    },
    /// An option or value that is not known.
    Unknown {
        /// The argument.
        argument: &'a str,
    },
    /// Machine code, which this compiler does not make.
    NativeEmitter {
        /// The argument.
        argument: &'a str,
    },
}

impl fmt::Display for UsageError<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInput => formatter.write_str("no file to compile"),
            Self::SeveralInputs { second } => {
                write!(formatter, "more than one file to compile: `{second}`")
            }
            Self::MissingValue { option } => write!(formatter, "`{option}` needs a value"),
            Self::Unknown { argument } => write!(formatter, "`{argument}` is not known"),
            Self::NativeEmitter { argument } => {
                write!(
                    formatter,
                    "`{argument}` asks for machine code; only bytecode is made"
                )
            }
        }
    }
}

impl core::error::Error for UsageError<'_> {}

impl<'a> Request<'a> {
    /// Reads the arguments, without the name of the program.
    ///
    /// ```
    /// use upy_compiler::cross::{ImageName, Request};
    /// let request = Request::parse(["-O2", "-s", "lib/a.py", "a.py"])?;
    /// assert_eq!((request.options.opt_level, request.options.source_name), (2, "lib/a.py"));
    /// assert_eq!(request.image, ImageName::Beside { stem: "a." });
    /// # Ok::<(), upy_compiler::cross::UsageError>(())
    /// ```
    ///
    /// # Errors
    /// [`UsageError`].
    pub fn parse(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self, UsageError<'a>> {
        let mut arguments = arguments.into_iter();
        let mut options = Options::new("");
        let (mut input, mut image, mut source_name) = (None, None, None);
        let mut reads_options = true;
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or(UsageError::MissingValue { option: argument })
            };
            match argument {
                _ if !reads_options || !argument.starts_with('-') || argument == "-" => {
                    if input.is_some() {
                        return Err(UsageError::SeveralInputs { second: argument });
                    }
                    input = Some(argument);
                }
                "--" => reads_options = false,
                "--version" => {
                    return Ok(Self {
                        input: "",
                        image: ImageName::Standard,
                        options,
                        shows_version: true,
                    });
                }
                "-v" => {}
                "-o" => image = Some(value()?),
                "-s" => source_name = Some(value()?),
                "-X" => implementation_option(value()?, &mut options)?,
                _ => attached_option(argument, &mut options)?,
            }
        }
        let input = input.ok_or(UsageError::NoInput)?;
        let default_name = if input == "-" { "<stdin>" } else { input };
        options.source_name = source_name.unwrap_or(default_name);
        let image = match image {
            Some("-") => ImageName::Standard,
            Some(file) => ImageName::File(file),
            None if input == "-" => ImageName::Standard,
            None => ImageName::Beside {
                stem: input.get(..input.len().saturating_sub(2)).unwrap_or(input),
            },
        };
        Ok(Self {
            input,
            image,
            options,
            shows_version: false,
        })
    }
}

/// An option with its value in the same argument.
fn attached_option<'a>(argument: &'a str, options: &mut Options<'a>) -> Result<(), UsageError<'a>> {
    let unknown = UsageError::Unknown { argument };
    if let Some(level) = argument.strip_prefix("-O") {
        options.opt_level = match level.as_bytes() {
            [] => 1,
            [digit @ b'0'..=b'9', ..] => digit - b'0',
            more if more.iter().all(|letter| *letter == b'O') => {
                u8::try_from(more.len() + 1).map_err(|_| unknown)?
            }
            _ => return Err(unknown),
        };
    } else if let Some(bits) = argument.strip_prefix("-msmall-int-bits=") {
        let bits = bits.parse().map_err(|_| unknown)?;
        if !(2..=63).contains(&bits) {
            return Err(unknown);
        }
        options.small_integer_bits = bits;
    } else if argument
        .strip_prefix("-march=")
        .is_some_and(|arch| !arch.is_empty())
    {
        options.native = NativeCode::Bytecode;
    } else if !argument.starts_with("-march-flags=") {
        return Err(unknown);
    }
    Ok(())
}

/// What follows `-X`.
fn implementation_option<'a>(
    value: &'a str,
    options: &mut Options<'a>,
) -> Result<(), UsageError<'a>> {
    match value {
        "emit=bytecode" => {}
        "emit=native" | "emit=viper" => return Err(UsageError::NativeEmitter { argument: value }),
        "source-lines" => options.source_lines = true,
        "no-source-lines" => options.source_lines = false,
        // The memory is the caller's.
        _ if value.starts_with("heapsize=") => {}
        _ => return Err(UsageError::Unknown { argument: value }),
    }
    Ok(())
}

/// Compiles `source` as `request` asks; [`compile`] with the options of the command line.
///
/// # Errors
/// As [`compile`].
pub fn compile_mpy<'s>(
    request: &Request<'_>,
    source: &[u8],
    storage: &'s mut [u8],
    output: &mut dyn Output,
) -> Result<Usage, CompileError<'s>> {
    compile(source, &request.options, storage, output)
}

#[cfg(test)]
mod tests {
    use super::{ImageName, Request, UsageError};
    use crate::NativeCode;

    #[test]
    fn a_lone_file_is_compiled_beside_itself() {
        let request = Request::parse(["dir/main.py"]).unwrap();
        assert_eq!(request.input, "dir/main.py");
        assert_eq!(request.options.source_name, "dir/main.py");
        assert_eq!(request.image, ImageName::Beside { stem: "dir/main." });
    }

    #[test]
    fn the_standard_input_goes_to_the_standard_output() {
        let request = Request::parse(["-"]).unwrap();
        assert_eq!(request.image, ImageName::Standard);
        assert_eq!(request.options.source_name, "<stdin>");
    }

    #[test]
    fn options_are_understood_as_by_mpy_cross() {
        let arguments = [
            "-X",
            "no-source-lines",
            "-march=armv7m",
            "-OO",
            "-o",
            "x.mpy",
            "--",
            "-a",
        ];
        let request = Request::parse(arguments).unwrap();
        assert_eq!(
            (request.input, request.image),
            ("-a", ImageName::File("x.mpy"))
        );
        assert_eq!(request.options.opt_level, 2);
        assert_eq!(request.options.native, NativeCode::Bytecode);
        assert!(!request.options.source_lines);
    }

    #[test]
    fn command_lines_without_a_meaning_err() {
        assert_eq!(Request::parse([]), Err(UsageError::NoInput));
        assert_eq!(
            Request::parse(["a.py", "b.py"]),
            Err(UsageError::SeveralInputs { second: "b.py" })
        );
        assert_eq!(
            Request::parse(["-o"]),
            Err(UsageError::MissingValue { option: "-o" })
        );
        assert_eq!(
            Request::parse(["-q", "a.py"]),
            Err(UsageError::Unknown { argument: "-q" })
        );
        let native = UsageError::NativeEmitter {
            argument: "emit=native",
        };
        assert_eq!(Request::parse(["-X", "emit=native", "a.py"]), Err(native));
    }
}
