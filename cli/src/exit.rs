//! The exit statuses that scripts rely on.

/// How `ucli` ends. The numbers never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: what was asked for is done.
    Done,
    /// 1: it failed, or a Python exception ended the program on the board.
    Failed,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: no board, a busy port, or the connection was lost.
    NoBoard,
    /// 130: Ctrl-C.
    Interrupted,
    /// The board's program ended with `SystemExit(n)`; n modulo 256.
    Program(u8),
}

impl Exit {
    /// The number handed to the operating system.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoBoard => 3,
            Self::Interrupted => 130,
            Self::Program(code) => code,
        }
    }
}
