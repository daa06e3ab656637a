//! What the runtime asks of its surroundings.
//!
//! Implemented above the runtime: by a port, by the simulated board, by tests. Everything has a default that
//! says "not here", so a minimal host only writes text.

use upy_hal::Board;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// Nothing.
    Absent,
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// Finds and reads the files of modules.
pub trait Loader {
    /// What a path names.
    fn kind(&mut self, path: &[u8]) -> PathKind {
        let _ = path;
        PathKind::Absent
    }

    /// Opens a file for `open`; `mode` is Python's, such as `rb`.
    ///
    /// # Errors
    /// A positive errno.
    fn open(&mut self, path: &[u8], mode: &[u8]) -> Result<u32, i32> {
        let _ = (path, mode);
        Err(2)
    }

    /// Reads at most `buffer.len()` bytes; 0 is the end.
    ///
    /// # Errors
    /// A positive errno.
    fn read(&mut self, file: u32, buffer: &mut [u8]) -> Result<usize, i32> {
        let _ = (file, buffer);
        Err(9)
    }

    /// Writes bytes and returns how many.
    ///
    /// # Errors
    /// A positive errno.
    fn write(&mut self, file: u32, bytes: &[u8]) -> Result<usize, i32> {
        let _ = (file, bytes);
        Err(9)
    }

    /// Moves the position; `whence` is 0 for the start, 1 for here, 2 for the end. Returns the new position.
    ///
    /// # Errors
    /// A positive errno.
    fn seek(&mut self, file: u32, offset: i64, whence: u8) -> Result<u64, i32> {
        let _ = (file, offset, whence);
        Err(29)
    }

    /// Writes out what is buffered of a file.
    ///
    /// # Errors
    /// A positive errno.
    fn sync(&mut self, file: u32) -> Result<(), i32> {
        let _ = file;
        Ok(())
    }

    /// Closes a file; closing one that is not open does nothing.
    fn close(&mut self, file: u32) {
        let _ = file;
    }

    /// Lists a directory, one call of `entry` per name with whether it is a directory.
    ///
    /// # Errors
    /// A positive errno.
    fn list(&mut self, path: &[u8], entry: &mut dyn FnMut(&[u8], bool)) -> Result<(), i32> {
        let _ = (path, entry);
        Err(2)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// A positive errno.
    fn remove(&mut self, path: &[u8]) -> Result<(), i32> {
        let _ = path;
        Err(1)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// A positive errno.
    fn remove_directory(&mut self, path: &[u8]) -> Result<(), i32> {
        let _ = path;
        Err(1)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// A positive errno.
    fn make_directory(&mut self, path: &[u8]) -> Result<(), i32> {
        let _ = path;
        Err(1)
    }

    /// Gives a file or directory another name.
    ///
    /// # Errors
    /// A positive errno.
    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), i32> {
        let _ = (from, to);
        Err(1)
    }

    /// Size in bytes and the time of the last change, in seconds since 1970.
    ///
    /// # Errors
    /// A positive errno.
    fn size_and_time(&mut self, path: &[u8]) -> Result<(u64, u64), i32> {
        let _ = path;
        Err(2)
    }

    /// Changes the directory that relative paths start from.
    ///
    /// # Errors
    /// A positive errno.
    fn change_directory(&mut self, path: &[u8]) -> Result<(), i32> {
        let _ = path;
        Err(1)
    }

    /// Calls `work` with the directory that relative paths start from.
    ///
    /// # Errors
    /// A positive errno.
    fn current_directory(&mut self, work: &mut dyn FnMut(&[u8])) -> Result<(), i32> {
        work(b"/");
        Ok(())
    }
}

/// What surroundings must be able to do besides: with `threads` the interpreter goes from one thread of the operating
/// system to another, and they go with it.
#[cfg(feature = "threads")]
pub trait Movable: Send {}
#[cfg(feature = "threads")]
impl<T: Send + ?Sized> Movable for T {}

/// What surroundings must be able to do besides: without `threads`, nothing.
#[cfg(not(feature = "threads"))]
pub trait Movable {}
#[cfg(not(feature = "threads"))]
impl<T: ?Sized> Movable for T {}

/// The surroundings of one interpreter.
pub trait Host: Loader + Movable {
    /// Writes to the console.
    fn write_out(&mut self, bytes: &[u8]);

    /// Writes to the console's error stream; the same stream on a board.
    fn write_err(&mut self, bytes: &[u8]) {
        self.write_out(bytes);
    }

    /// Reads from the console; 0 bytes is its end.
    ///
    /// # Errors
    /// A positive errno.
    fn read_in(&mut self, buffer: &mut [u8]) -> Result<usize, i32> {
        let _ = buffer;
        Ok(0)
    }

    /// Writes to the console without changing line ends; for `sys.stdout.buffer`.
    fn write_raw(&mut self, bytes: &[u8]) {
        self.write_out(bytes);
    }

    /// Whether [`Host::read_in`] would return at once.
    fn readable(&mut self) -> bool {
        true
    }

    /// Whether something has happened that the [`Library`](crate::Library::service) is to look after. Asked as
    /// often as [`Host::interrupted`].
    fn event_waits(&mut self) -> bool {
        false
    }

    /// The hardware, for a [`Library`](crate::Library) that drives it.
    fn board(&mut self) -> Option<&mut dyn Board> {
        None
    }

    /// Which byte of the console is an interrupt from now on, if any: `micropython.kbd_intr`.
    fn set_interrupt(&mut self, byte: Option<u8>) {
        let _ = byte;
    }

    /// Whether the Enter key of the console sends a carriage return, which text streams read as a line feed.
    fn enter_is_return(&self) -> bool {
        false
    }

    /// Called while a program waits for a pin in a tight loop; a simulation lets others run.
    fn relax(&mut self) {}

    /// Whether Ctrl-C was pressed since the last call. Asked every few hundred jumps.
    fn interrupted(&mut self) -> bool {
        false
    }

    /// Whether the board is being reset: the program ends here, whatever handlers it has. Asked as often as
    /// [`Host::interrupted`].
    fn aborted(&mut self) -> bool {
        false
    }

    /// Microseconds since some start.
    fn ticks_us(&mut self) -> u64 {
        0
    }

    /// Seconds and nanoseconds since 1970, if known.
    fn time_ns(&mut self) -> u64 {
        0
    }

    /// Waits.
    fn sleep_us(&mut self, duration_us: u64) {
        let _ = duration_us;
    }

    /// The name of the platform, `sys.platform`.
    fn platform(&self) -> &'static str {
        "unknown"
    }

    /// Random bytes.
    fn random(&mut self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}
