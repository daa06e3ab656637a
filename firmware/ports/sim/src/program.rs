//! Runs the interpreter as its command line says.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use upy_runtime::{Host, Outcome, Sizes, Vm};

use crate::args::{Action, Arguments};
use crate::host::HostSystem;
use crate::interrupt;
use crate::prompt;
use crate::threads::{self, Desk};

/// Directories searched for modules when `MICROPYPATH` is not set.
const DEFAULT_PATH: &str = ".frozen:~/.micropython/lib:/usr/lib/micropython";

/// Runs a command line and returns the exit code.
#[must_use]
pub fn run(arguments: &Arguments, program: &str) -> i32 {
    let fixed = Sizes::HOST.words();
    let mut memory = vec![0_usize; fixed + arguments.heap_bytes / size_of::<usize>()];
    let mut host = HostSystem::new();
    let desk = Desk::new();
    let desk = &desk;
    let status = threads::serve(desk, || {
        let vm = Vm::with_library(&mut memory, Sizes::HOST, &mut host, &upy_modules::LIBRARY);
        let Some(mut vm) = vm else {
            HostSystem::new().write_err(b"upy: the heap is too small\n");
            return 1;
        };
        vm.use_relay(desk);
        vm.set_opt_level(arguments.opt_level);
        set_path(&mut vm);
        for argument in &arguments.argv {
            vm.add_argument(argument.as_bytes());
        }
        let status = perform(&mut vm, arguments, program);
        vm.finish();
        status
    });
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            let text = format!("upy: the interpreter does not start: {error}\n");
            HostSystem::new().write_err(text.as_bytes());
            1
        }
    };
    let flushed = io::stdout().flush();
    if flushed.is_err() { 1 } else { status }
}

fn perform(vm: &mut Vm<'_>, arguments: &Arguments, program: &str) -> i32 {
    let mut status = match &arguments.action {
        Action::Command(text) => Some(exit_code(vm.run_source(text.as_bytes(), b"<stdin>", false))),
        Action::Module(name) => Some(exit_code(vm.run_main_module(name.as_bytes()))),
        Action::Script(path) => Some(run_script(vm, path, arguments, program)),
        Action::Input => None,
    };
    let inspect = arguments.inspect
        || std::env::var_os("MICROPYINSPECT").is_some_and(|value| !value.is_empty());
    if status.is_none() || inspect {
        status = Some(if inspect || io::stdin().is_terminal() {
            prompt::run(vm)
        } else {
            run_input(vm)
        });
    }
    status.unwrap_or(0)
}

/// Runs what comes from standard input.
fn run_input(vm: &mut Vm<'_>) -> i32 {
    let mut source = Vec::new();
    if io::stdin().lock().read_to_end(&mut source).is_err() {
        return 1;
    }
    exit_code(vm.run_source(&source, b"<stdin>", false))
}

fn run_script(vm: &mut Vm<'_>, path: &OsString, arguments: &Arguments, program: &str) -> i32 {
    let Ok(real) = std::fs::canonicalize(path) else {
        let name = path.to_string_lossy();
        let text =
            format!("{program}: can't open file '{name}': [Errno 2] No such file or directory\n");
        HostSystem::new().write_err(text.as_bytes());
        return 2;
    };
    let directory = real.parent().unwrap_or(Path::new("/"));
    vm.set_first_path(directory.to_string_lossy().as_bytes());
    let name = path.to_string_lossy();
    if arguments.compile_only {
        return exit_code(vm.compile_only(name.as_bytes()));
    }
    exit_code(vm.run_file(name.as_bytes()))
}

/// Sets `sys.path` from `MICROPYPATH`.
fn set_path(vm: &mut Vm<'_>) {
    vm.add_path(b"");
    let path = std::env::var("MICROPYPATH").unwrap_or_else(|_| DEFAULT_PATH.to_owned());
    let home = std::env::var("HOME").ok();
    // An empty first entry is the one that is there already.
    let path = path.strip_prefix(':').unwrap_or(&path);
    if path.is_empty() {
        return;
    }
    for entry in path.split(':') {
        match (entry.strip_prefix("~/"), &home) {
            (Some(rest), Some(home)) => vm.add_path(format!("{home}/{rest}").as_bytes()),
            _ => vm.add_path(entry.as_bytes()),
        }
    }
}

/// The exit code of the unix port.
fn exit_code(outcome: Outcome) -> i32 {
    match outcome {
        Outcome::Done => 0,
        Outcome::Failed => 1,
        Outcome::Exit(status) => status & 0xff,
        Outcome::Interrupted => interrupt::EXIT_CODE,
    }
}
