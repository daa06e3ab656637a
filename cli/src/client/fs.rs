//! Files of a board: many at a time, verified, and replaced only by what has arrived whole.

use std::fmt::Write as _;

use ucli_protocol::literal;

use super::agent::{Agent, Capabilities, Digest, Reply, raised};
use super::pack::Packer;
use super::snippet;
use super::value::Value;
use crate::error::{Code, Error, Result};

/// The name under which a file arrives; the next run into the same directory takes it over.
pub(crate) const TEMPORARY: &str = ".ucli.tmp";

/// An expected size that no file has: it is looked at and not hashed.
pub(crate) const NO_SIZE: u64 = u64::MAX >> 2;

/// Longest source of one request.
const REQUEST_BYTES: usize = 1400;
/// The buffer before anything is known of the board.
const FIRST_BUFFER: u32 = 10;
/// The smallest buffer that makes sense, as a power of two.
const SMALLEST_BUFFER: u32 = 9;
/// Free heap that stays free, and how many buffers are allocated at once.
const SPARE_BYTES: u64 = 12 * 1024;

/// What stands under a path of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stat {
    /// Nothing, or something that cannot be looked at; the error number.
    Missing(i64),
    /// A directory.
    Directory,
    /// A file, its size, and its digest where one was asked for.
    File {
        /// Its size.
        len_bytes: u64,
        /// Its digest, when the size was the expected one.
        digest: Option<Vec<u8>>,
    },
}

/// One entry of a directory of the board.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Entry {
    /// The path, beginning with the directory that was listed.
    pub(crate) path: String,
    /// Whether it is a directory.
    pub(crate) directory: bool,
    /// The size of a file.
    pub(crate) size: u64,
}

/// A file on its way to the board.
pub(crate) struct Upload<'a> {
    /// Where it goes.
    pub(crate) path: &'a str,
    /// What it holds.
    pub(crate) data: &'a [u8],
}

/// Text as a Python literal.
pub(crate) fn quoted(text: &str) -> String {
    String::from_utf8(literal::str(text).collect())
        .expect("a literal keeps the characters of its text")
}

fn quoted_bytes(bytes: &[u8]) -> String {
    literal::bytes(bytes).map(char::from).collect()
}

/// The directory of a path: `""` for a bare name, `/` for `/name`.
pub(crate) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(at) => &path[..at],
        None => "",
    }
}

/// Joins a directory and a name as the board spells it.
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() || directory.ends_with('/') {
        format!("{directory}{name}")
    } else {
        format!("{directory}/{name}")
    }
}

impl Agent<'_> {
    /// The type, size and (if the size is the expected one, or none is expected) digest of each path.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn stat(&mut self, paths: &[(&str, Option<u64>)]) -> Result<Vec<Stat>> {
        let mut stats = Vec::with_capacity(paths.len());
        let mut start = String::new();
        self.early_buffers(&mut start);
        self.need_early(&[snippet::HASH, snippet::STAT], &mut start);
        let items: Vec<String> = paths
            .iter()
            .map(|(path, size)| {
                let size = size.map_or(-1, |size| i64::try_from(size).unwrap_or(i64::MAX));
                format!("({},{size}),", quoted(path))
            })
            .collect();
        for data in self.chunked(&start, "A", &items, "look at")? {
            stats.push(stat_of(&super::value::parse(&data)?)?);
        }
        if stats.len() != paths.len() {
            return Err(Error::new(
                Code::Protocol,
                "The board answered for other files than it was asked for",
            ));
        }
        Ok(stats)
    }

    /// Calls `name` with the items in as many requests as the board's memory wants.
    fn chunked(
        &mut self,
        start: &str,
        name: &str,
        items: &[String],
        action: &str,
    ) -> Result<Vec<Vec<u8>>> {
        let mut requests = 0;
        let mut data = Vec::new();
        let mut source = start.to_string();
        let mut open = false;
        for item in items {
            if !open {
                let _ = write!(source, "{name}((");
                open = true;
            }
            source.push_str(item);
            if source.len() > REQUEST_BYTES {
                source.push_str("))\n");
                self.request(&source)?;
                requests += 1;
                source.clear();
                open = false;
            }
        }
        if open {
            source.push_str("))\n");
        }
        if !source.is_empty() {
            self.request(&source)?;
            requests += 1;
        }
        for _ in 0..requests {
            data.extend(self.finish(action, "")?);
        }
        Ok(data)
    }

    /// The entries of a directory, or of the whole tree under it.
    ///
    /// # Errors
    /// [`Code::NotFound`] and the like for a directory that cannot be read.
    pub(crate) fn list(&mut self, root: &str, recursive: bool) -> Result<Vec<Entry>> {
        let flag = if recursive { "True" } else { "False" };
        let mut source = String::new();
        self.need_early(&[snippet::LIST], &mut source);
        source.push_str(&format!("L({},{flag})\n", quoted(root)));
        let values = self.call(&source, "list", root)?;
        values.iter().map(entry_of).collect()
    }

    /// Makes directories, parents first; those that exist are fine.
    ///
    /// # Errors
    /// The first one that could not be made.
    pub(crate) fn make_directories(&mut self, paths: &[&str]) -> Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let mut start = String::new();
        self.need_early(&[snippet::MKDIR], &mut start);
        let items: Vec<String> = paths
            .iter()
            .map(|path| format!("{},", quoted(path)))
            .collect();
        let data = self.chunked(&start, "K", &items, "make directories")?;
        for (path, data) in paths.iter().zip(data) {
            match super::value::parse(&data)?.int() {
                Some(0 | -1) => {}
                Some(number) => return Err(super::errno::board_error("create", path, number)),
                None => {
                    return Err(Error::new(
                        Code::Protocol,
                        "The board did not say what became of a directory",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Removes files and empty directories in this order; the error number of each, 0 for none.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn remove(&mut self, paths: &[(&str, bool)]) -> Result<Vec<i64>> {
        let mut start = String::new();
        self.need_early(&[snippet::REMOVE], &mut start);
        let items: Vec<String> = paths
            .iter()
            .map(|(path, directory)| format!("({},{}),", quoted(path), u8::from(*directory)))
            .collect();
        let data = self.chunked(&start, "U", &items, "remove files")?;
        data.iter()
            .map(|data| Ok(super::value::parse(data)?.int().unwrap_or(5)))
            .collect()
    }

    /// Puts buffers for what the board has room for into the next request.
    pub(super) fn early_buffers(&mut self, source: &mut String) {
        if !self.has_buffers {
            self.has_buffers = true;
            source.push_str(&buffers(FIRST_BUFFER));
        }
    }

    /// Loads `parts` behind buffers as large as is good for a transfer, or as the board can give;
    /// returns the power of two.
    fn make_ready(&mut self, parts: &[&'static str]) -> Result<u32> {
        self.settle_ahead()?;
        let capabilities = self.capabilities()?;
        let mut exponent = self
            .buffer_exponent
            .unwrap_or_else(|| buffer_exponent(&capabilities));
        loop {
            let mut source = String::new();
            if self.buffer_exponent != Some(exponent) {
                source = format!("V=None\ngc.collect()\n{}", buffers(exponent));
            }
            self.need_early(parts, &mut source);
            if source.is_empty() {
                return Ok(exponent);
            }
            self.request(&source)?;
            match self.finish("allocate buffers", "") {
                // Once more around: a part that was sent early may not have fitted.
                Ok(_) => {
                    self.has_buffers = true;
                    self.buffer_exponent = Some(exponent);
                }
                Err(error) if error.code() == Code::NoMemory && exponent > SMALLEST_BUFFER => {
                    self.forget(parts);
                    exponent -= 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes files, each under a temporary name until it has arrived whole. `moved` is told of
    /// the bytes that are through. With `closing` nothing more will be asked of this agent.
    ///
    /// # Errors
    /// Those of the connection, and [`Code::Interrupted`]; what went wrong with a single file is
    /// in the result.
    pub(crate) fn put(
        &mut self,
        files: &[Upload<'_>],
        closing: bool,
        moved: &mut dyn FnMut(usize, u64),
    ) -> Result<Vec<Result<()>>> {
        if self.is_text() {
            return self.put_text(files, moved);
        }
        let exponent = self.make_ready(&[snippet::COMMIT, snippet::PUT, snippet::PUT_BUFFER])?;
        let capabilities = self.capabilities()?;
        let mut queue = Outstanding {
            results: Vec::with_capacity(files.len()),
            failing: false,
        };
        for (index, file) in files.iter().enumerate() {
            self.put_one(
                file,
                exponent,
                &capabilities,
                files,
                &mut queue,
                &mut |len| moved(index, len),
            )?;
            if self.stop_wanted() {
                while queue.results.len() < index + 1 {
                    let reply = self.reply()?;
                    queue.take(reply, files);
                }
                return Err(Error::new(
                    Code::Interrupted,
                    "Interrupted; every file on the board is whole",
                ));
            }
        }
        if closing {
            self.say_farewell()?;
        }
        while queue.results.len() < files.len() {
            let reply = self.reply()?;
            queue.take(reply, files);
        }
        Ok(queue.results)
    }

    fn put_one(
        &mut self,
        file: &Upload<'_>,
        exponent: u32,
        capabilities: &Capabilities,
        files: &[Upload<'_>],
        queue: &mut Outstanding,
        moved: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let digest = capabilities.digest.of(file.data);
        let source = format!(
            "P({},{},{},{})\n",
            quoted(file.path),
            quoted(&temporary(file.path)),
            file.data.len(),
            quoted_bytes(&digest)
        );
        self.request(&source)?;
        let number = queue.results.len();
        queue.failing = false;
        let mut packer = Packer::new(capabilities.inflates);
        for chunk in file.data.chunks(1 << exponent) {
            self.data(&packer.block(chunk))?;
            moved(chunk.len() as u64);
            while let Some(reply) = self.poll_reply() {
                queue.take(reply, files);
            }
            // An empty data frame can only be about this file once all older ones are answered.
            if self.stop_wanted() || (queue.failing && queue.results.len() >= number) {
                break;
            }
        }
        self.data(&[b'B', 0, 0])
    }

    fn put_text(
        &mut self,
        files: &[Upload<'_>],
        moved: &mut dyn FnMut(usize, u64),
    ) -> Result<Vec<Result<()>>> {
        self.need(&[snippet::COMMIT, snippet::TEXT_PUT])?;
        let capabilities = self.capabilities()?;
        let piece = if capabilities.free_bytes > 60_000 {
            1536
        } else {
            384
        };
        let mut results = Vec::with_capacity(files.len());
        for (index, file) in files.iter().enumerate() {
            let result = self.put_text_one(file, piece, capabilities.digest, &mut |len| {
                moved(index, len)
            });
            match result {
                Err(error) if is_connection(&error) => return Err(error),
                result => results.push(result),
            }
        }
        Ok(results)
    }

    fn put_text_one(
        &mut self,
        file: &Upload<'_>,
        piece_bytes: usize,
        digest: Digest,
        moved: &mut dyn FnMut(u64),
    ) -> Result<()> {
        use base64::Engine as _;
        let temporary = temporary(file.path);
        self.call(&format!("O({})\n", quoted(&temporary)), "write", file.path)?;
        let has_base64 = self.call("f(68,repr(1 if b6 else 0).encode())\n", "write", file.path)?;
        let has_base64 = has_base64.first().and_then(Value::int) == Some(1);
        for chunk in file.data.chunks(piece_bytes) {
            let source = if has_base64 {
                format!(
                    "Y(b6('{}'))\n",
                    base64::engine::general_purpose::STANDARD.encode(chunk)
                )
            } else {
                format!("Y({})\n", quoted_bytes(chunk))
            };
            if let Err(error) = self.call(&source, "write", file.path) {
                if !is_connection(&error) {
                    self.call(
                        &format!("g.close();R({})\n", quoted(&temporary)),
                        "remove",
                        &temporary,
                    )?;
                }
                return Err(error);
            }
            moved(chunk.len() as u64);
        }
        let source = format!(
            "P({},{},{},{})\n",
            quoted(file.path),
            quoted(&temporary),
            file.data.len(),
            quoted_bytes(&digest.of(file.data))
        );
        self.call(&source, "write", file.path).map(|_| ())
    }

    /// Reads a file of the board, in pieces as they come; its digest is checked at the end.
    ///
    /// # Errors
    /// [`Code::Verify`] when it did not arrive intact, and those of the board and the connection.
    pub(crate) fn get(
        &mut self,
        path: &str,
        piece: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<u64> {
        self.make_ready(&[snippet::GET])?;
        let kind = self.capabilities()?.digest;
        self.request(&format!("G({})\n", quoted(path)))?;
        let mut data = Vec::new();
        let mut passed_on = 0;
        let mut digest = None;
        let mut problem = None;
        loop {
            match self.reply()? {
                Reply::Data(bytes) if digest.is_some() => digest = Some(bytes),
                Reply::Data(bytes) if bytes.is_empty() => digest = Some(Vec::new()),
                Reply::Data(bytes) => data.extend_from_slice(&bytes),
                Reply::Done => break,
                Reply::Raised(text) => return Err(raised("read", path, &text)),
            }
            if problem.is_none()
                && let Err(error) = piece(&data[passed_on..])
            {
                problem = Some(error);
            }
            passed_on = data.len();
        }
        if let Some(error) = problem {
            return Err(error);
        }
        if self.stop_wanted() {
            return Err(Error::new(Code::Interrupted, "Interrupted"));
        }
        if digest.as_deref() != Some(&kind.of(&data)) {
            return Err(raised("read", path, "ValueError('digest',)"));
        }
        Ok(data.len() as u64)
    }

    /// Reads a whole file of the board.
    ///
    /// # Errors
    /// As [`Agent::get`].
    pub(crate) fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        self.get(path, &mut |piece| {
            data.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(data)
    }

    /// Runs one statement about `path`.
    ///
    /// # Errors
    /// What the board raised, as an error of `action`.
    pub(crate) fn statement(&mut self, source: &str, action: &str, path: &str) -> Result<()> {
        self.call(source, action, path).map(|_| ())
    }
}

/// What is known of the uploads whose answers are still to come.
struct Outstanding {
    results: Vec<Result<()>>,
    failing: bool,
}

impl Outstanding {
    fn take(&mut self, reply: Reply, files: &[Upload<'_>]) {
        let path = files.get(self.results.len()).map_or("", |file| file.path);
        match reply {
            Reply::Data(_) => self.failing = true,
            Reply::Done => self.results.push(Ok(())),
            Reply::Raised(text) => {
                self.results.push(Err(raised("write", path, &text)));
                self.failing = false;
            }
        }
    }
}

/// As large as leaves the board most of its memory: one buffer each for input and output, and the
/// inflater's own window of the same size.
pub(super) fn buffer_exponent(capabilities: &Capabilities) -> u32 {
    let room = capabilities.free_bytes.saturating_sub(SPARE_BYTES) / 4;
    match room {
        16_384.. => 14,
        8_192.. => 13,
        4_096.. => 12,
        2_048.. => 11,
        1_024.. => 10,
        _ => SMALLEST_BUFFER,
    }
}

fn buffers(exponent: u32) -> String {
    snippet::BUFFERS
        .replace("{b}", &(1_u32 << exponent).to_string())
        .replace("{e}", &exponent.to_string())
}

fn temporary(path: &str) -> String {
    join(parent(path), TEMPORARY)
}

fn is_connection(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::ConnectionLost
            | Code::NoAnswer
            | Code::Interrupted
            | Code::Protocol
            | Code::Unsupported
    )
}

pub(super) fn stat_of(value: &Value) -> Result<Stat> {
    match value {
        Value::Int(errno) => Ok(Stat::Missing(*errno)),
        Value::Items(_) if value.at(0).int().unwrap_or(0) != 0 => Ok(Stat::Directory),
        Value::Items(items) => Ok(Stat::File {
            len_bytes: value.at(1).int().unwrap_or(0).try_into().unwrap_or(0),
            digest: items.get(2).and_then(Value::bytes).map(<[u8]>::to_vec),
        }),
        _ => Err(Error::new(
            Code::Protocol,
            "The board described a file in an unknown way",
        )),
    }
}

fn entry_of(value: &Value) -> Result<Entry> {
    let path = value
        .at(0)
        .str()
        .ok_or_else(|| Error::new(Code::Protocol, "The board listed a file without a name"))?;
    Ok(Entry {
        path: path.to_string(),
        directory: value.at(1).int().unwrap_or(0) != 0,
        size: value.at(2).int().unwrap_or(0).try_into().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_as_boards_spell_them() {
        assert_eq!(join("", "a"), "a");
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("lib", "a"), "lib/a");
        assert_eq!(temporary("main.py"), ".ucli.tmp");
        assert_eq!(temporary("/main.py"), "/.ucli.tmp");
        assert_eq!(temporary("/lib/a.py"), "/lib/.ucli.tmp");
    }

    #[test]
    fn buffers_leave_memory_free() {
        let with = |free_bytes| Capabilities {
            free_bytes,
            inflates: true,
            digest: Digest::Sha256,
        };
        assert_eq!(buffer_exponent(&with(0)), 9);
        assert_eq!(buffer_exponent(&with(30_000)), 12);
        assert_eq!(buffer_exponent(&with(2_000_000)), 14);
    }
}
