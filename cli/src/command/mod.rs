//! The commands, one file each, and what they share: settings, the printer, the open board.

pub(crate) mod boards;
pub(crate) mod cache;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod cp;
pub(crate) mod deploy;
pub(crate) mod devs;
pub(crate) mod df;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod erase;
pub(crate) mod exchange;
pub(crate) mod exec;
pub(crate) mod files;
pub(crate) mod flash;
pub(crate) mod fleet;
pub(crate) mod graph;
pub(crate) mod help;
pub(crate) mod info;
pub(crate) mod install;
pub(crate) mod ls;
pub(crate) mod mip;
pub(crate) mod mount;
pub(crate) mod packages;
pub(crate) mod project;
pub(crate) mod repl;
pub(crate) mod reset;
pub(crate) mod rm;
pub(crate) mod romfs;
pub(crate) mod rtc;
pub(crate) mod show;
pub(crate) mod sim;
pub(crate) mod sleep;
pub(crate) mod stubs;
pub(crate) mod sync;
pub(crate) mod test;
pub(crate) mod wait;
pub(crate) mod watch;

use std::time::Duration;

use crate::args::Command;
use crate::client::session::Session;
use crate::config::Config;
use crate::device::selector::Selector;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::Printer;
use crate::transport::OpenOptions;

/// How long a board that restarts may take to come back.
const RESTART: Duration = Duration::from_secs(15);

/// What every command works with.
pub(crate) struct Context {
    /// The one way to the terminal.
    pub(crate) printer: Printer,
    /// The settings.
    pub(crate) config: Config,
    /// Yes to every question.
    pub(crate) yes: bool,
    /// Where the session is recorded.
    pub(crate) record: Option<std::path::PathBuf>,
    /// The board of `connect`, before it is opened.
    selector: Option<String>,
    session: Option<Session>,
    /// The name of the command that runs.
    pub(crate) command: String,
    /// A command has done something: no REPL at the end.
    pub(crate) acted: bool,
    /// As mpremote: soft-reset before the first command that uses raw mode.
    soft_reset: bool,
    /// The board was told to restart; the next command waits for it.
    restarting: bool,
    closing: bool,
}

impl Context {
    /// A context without an open board.
    pub(crate) fn new(
        printer: Printer,
        config: Config,
        yes: bool,
        record: Option<std::path::PathBuf>,
    ) -> Self {
        let soft_reset = printer.is_mpremote();
        Self {
            printer,
            config,
            yes,
            record,
            selector: None,
            session: None,
            command: String::new(),
            acted: false,
            soft_reset,
            restarting: false,
            closing: false,
        }
    }

    fn options(&self) -> OpenOptions {
        OpenOptions {
            baud: self.config.baud.value,
            dtr: self.config.dtr.value,
            rts: self.config.rts.value,
            timeout: self.config.timeout.value,
        }
    }

    /// The board that is chosen, whether it is open or not.
    pub(crate) fn selector_text(&self) -> &str {
        self.selector.as_deref().unwrap_or(&self.config.port.value)
    }

    /// Chooses another board; it is opened when a command needs it.
    ///
    /// # Errors
    /// Those of closing the one before.
    pub(crate) fn choose(&mut self, selector: &str) -> Result<()> {
        self.disconnect()?;
        self.selector = Some(selector.to_string());
        Ok(())
    }

    /// The open board, opened now if it is not.
    ///
    /// # Errors
    /// Those of finding and opening it.
    pub(crate) fn open(&mut self) -> Result<&mut Session> {
        if self.restarting {
            self.restarting = false;
            if let Some(session) = &mut self.session {
                session.reopen(RESTART)?;
            }
        }
        if self.session.is_none() {
            let selector = Selector::parse(self.selector_text())?;
            let target = crate::device::resolve(&selector, &self.config.boards.value)?;
            let session = Session::open(
                target,
                self.options(),
                &self.printer,
                self.record.as_deref(),
            )?;
            self.session = Some(session);
        }
        self.session
            .as_mut()
            .ok_or_else(|| Error::new(Code::NoBoard, "No board is open"))
    }

    /// The open board at its raw prompt.
    ///
    /// # Errors
    /// As [`Context::open`], and those of getting there.
    pub(crate) fn session(&mut self) -> Result<&mut Session> {
        let soft_reset = core::mem::take(&mut self.soft_reset);
        let closing = self.closing;
        let session = self.open()?;
        if soft_reset {
            session.soft_reset_raw(&mut |_| Ok(()))?;
        } else {
            session.enter_raw()?;
        }
        if closing {
            session.set_closing();
        }
        Ok(session)
    }

    /// The command that runs is the last one.
    pub(crate) fn set_closing(&mut self) {
        self.closing = true;
    }

    /// The next command that uses raw mode resets nothing.
    pub(crate) fn skip_soft_reset(&mut self) {
        self.soft_reset = false;
    }

    /// A session if one is open already.
    pub(crate) fn current(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// Drops a board that did not answer, so that the next try begins afresh.
    pub(crate) fn forget(&mut self) {
        self.session = None;
    }

    /// The board was told to restart: the next command waits for it and opens it again.
    pub(crate) fn expect_restart(&mut self) {
        self.restarting = true;
    }

    /// Leaves the board as it was found and closes it.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn disconnect(&mut self) -> Result<()> {
        self.soft_reset = self.printer.is_mpremote();
        let Some(mut session) = self.session.take() else {
            return Ok(());
        };
        if core::mem::take(&mut self.restarting) {
            return Ok(());
        }
        if session.mount().is_some() {
            session.unmount_directory()?;
        }
        session.close()
    }

    /// Asks before something is destroyed.
    ///
    /// # Errors
    /// [`Code::Refused`] without a yes, or where nobody can be asked.
    pub(crate) fn confirm(&self, question: &str) -> Result<()> {
        use std::io::{BufRead, IsTerminal, Write};
        if self.yes || self.printer.is_mpremote() {
            return Ok(());
        }
        let refused = || {
            Error::new(Code::Refused, format!("{question}: not confirmed"))
                .hint("`--yes` answers the question beforehand")
        };
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(refused());
        }
        let mut err = std::io::stderr().lock();
        // When the question cannot be shown, the answer below is taken as no.
        let _ = write!(err, "{question}. Go on? [y/N] ");
        let _ = err.flush();
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        if read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes") {
            Ok(())
        } else {
            Err(refused())
        }
    }
}

/// The name of a command as it is typed: `SoftReset(…)` is `soft-reset`.
fn name_of(command: &Command) -> String {
    let debug = format!("{command:?}");
    let variant = debug.split(['(', ' ']).next().unwrap_or_default();
    let mut name = String::new();
    for (index, letter) in variant.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// Runs one command.
///
/// # Errors
/// Those of the command.
pub(crate) fn run(command: Command, context: &mut Context) -> Result<Exit> {
    context.command = name_of(&command);
    match command {
        Command::Connect(_)
        | Command::Disconnect
        | Command::Resume
        | Command::Mount(_)
        | Command::Umount
        | Command::Sleep(_) => {}
        _ => context.acted = true,
    }
    match command {
        Command::Devs(args) => devs::run(&args, context),
        Command::Connect(args) => connect::run(&args, context),
        Command::Disconnect => connect::disconnect(context),
        Command::Resume => connect::resume(context),
        Command::Info(args) => info::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Wait(args) => wait::run(&args, context),
        Command::Repl(args) => repl::run(&args, context),
        Command::Eval(args) => exec::eval(&args, context),
        Command::Exec(args) => exec::exec(&args, context),
        Command::Run(args) => exec::run(&args, context),
        Command::Cp(args) => cp::run(&args, context),
        Command::Sync(args) => sync::run(&args, context),
        Command::Watch(args) => watch::run(&args, context),
        Command::Ls(args) => ls::run(&args, context),
        Command::Tree(args) => ls::tree(&args, context),
        Command::Cat(args) => files::cat(&args, context),
        Command::Mv(args) => files::mv(&args, context),
        Command::Rm(args) => rm::run(&args, context),
        Command::Mkdir(args) => files::mkdir(&args, context),
        Command::Rmdir(args) => files::rmdir(&args, context),
        Command::Touch(args) => files::touch(&args, context),
        Command::Sha256sum(args) => files::sha256sum(&args, context),
        Command::Hashsum(args) => files::hashsum(&args, context),
        Command::Edit(args) => edit::run(&args, context),
        Command::Df => df::run(context),
        Command::Rtc(args) => rtc::run(&args, context),
        Command::Mount(args) => mount::run(&args, context),
        Command::Umount => mount::umount(context),
        Command::Romfs(args) => romfs::run(&args, context),
        Command::Compile(args) => compile::run(&args, context),
        Command::Install(args) => install::run(&args, context),
        Command::Uninstall(args) => packages::uninstall(&args, context),
        Command::List(args) => packages::list(&args, context),
        Command::Show(args) => show::run(&args, context),
        Command::Mip(args) => mip::run(&args, context),
        Command::Init(args) => project::init(&args, context),
        Command::Add(args) => project::add(&args, context),
        Command::Remove(args) => project::remove(&args, context),
        Command::Lock(args) => project::lock(&args, context),
        Command::Upgrade(args) => project::upgrade(&args, context),
        Command::Export(args) => exchange::export(&args, context),
        Command::Deploy(args) => deploy::run(&args, context),
        Command::Deps(args) => graph::deps(&args, context),
        Command::Why(args) => graph::why(&args, context),
        Command::Outdated(args) => graph::outdated(&args, context),
        Command::Freeze(args) => graph::freeze(&args, context),
        Command::Search(args) => graph::search(&args, context),
        Command::Cache(args) => cache::run(&args, context),
        Command::Stubs(args) => stubs::run(&args, context),
        Command::Flash(args) => flash::run(&args, context),
        Command::Erase(args) => erase::run(&args, context),
        Command::Boards(args) => boards::run(&args, context),
        Command::SoftReset(args) => reset::soft(&args, context),
        Command::Reset(args) => reset::run(&args, context),
        Command::Bootloader => reset::bootloader(context),
        Command::Sim(args) => sim::run(&args, context),
        Command::Test(args) => test::run(&args, context),
        Command::Sleep(args) => sleep::run(&args, context),
        Command::Config => config::run(context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Help(args) => help::run(&args, context),
        Command::Version => help::version(context),
    }
}
