//! `reset`, `bootloader`, `rtc` and `romfs` on boards whose hardware is Python.
//!
//! The unix port has no clock to set, nothing to reset and no ROM partition. A boot program puts
//! stand-ins where `import` looks first; they answer as `machine` and `vfs.rom_ioctl` are documented to
//! (MicroPython `docs/library/machine.rst`, `extmod/vfs.h`).

use std::time::{Duration, Instant};

use harness::board::Board;
use harness::program::{DEADLINE, Desk};

/// `machine` with a clock that keeps what it is set to, and resets that kill the interpreter.
///
/// The harness starts it again. A board that was reset is at its friendly prompt, so the last thing it
/// says is what the harness takes for one. Each start leaves an `x` in `starts`; the way of ending, a
/// line in `ends`.
pub(crate) const MACHINE: &str = "\
import sys,os
with open('starts','a')as f:f.write('x')
class RTC:
 t=(2000,1,1,5,0,0,0,0)
 def datetime(s,t=None):
  if t is None:return RTC.t
  RTC.t=t
def _end(how):
 with open('ends','a')as f:f.write(how+'\\n')
 print('Type \"help()\"');os.system('kill -9 $PPID')
class Machine:
 RTC=RTC
 def reset(s):_end('reset')
 def bootloader(s):_end('bootloader')
sys.modules['machine']=Machine()
";

/// CircuitPython's: no `machine`, but `microcontroller`.
const MICROCONTROLLER: &str = "\
import sys,os
class Mode:UF2='uf2'
class Microcontroller:
 RunMode=Mode;mode='reset'
 def on_next_reset(s,mode):s.mode=mode
 def reset(s):
  with open('ends','a')as f:f.write(s.mode+'\\n')
  print('Type \"help()\"');os.system('kill -9 $PPID')
sys.modules['machine']=object()
sys.modules['microcontroller']=Microcontroller()
";

/// A partition that is a block device: three blocks of 512 bytes. A write outside, or to what was not
/// erased, is an error, and every change is kept in the file `rom`.
pub(crate) const ROM_DEVICE: &str = "\
import sys,vfs
class Partition(bytearray):
 def keep(s):
  with open('rom','wb')as f:f.write(s)
 def ioctl(s,op,arg):
  if op==4:return 3
  if op==5:return 512
  if op==6:
   if not 0<=arg<3:raise OSError(22)
   s[arg*512:arg*512+512]=b'\\xff'*512;s.keep();return 0
 def writeblocks(s,block,data,offset=0):
  a=block*512+offset;n=len(data)
  if a+n>1536 or any(s[i]!=255 for i in range(a,a+n)):raise OSError(22)
  s[a:a+n]=data;s.keep()
_part=Partition(b'old!'*384)
class Vfs:
 def __getattr__(s,n):return getattr(_vfs,n)
 def rom_ioctl(s,op,*a):return 1 if op==1 else _part if op==2 and a[0]==0 else -22
_vfs=vfs
sys.modules['vfs']=Vfs()
";

/// A partition that is plain memory, written through `rom_ioctl`. `{least}`: what is prepared at once,
/// or an error number for ports that prepare everything in one go.
const ROM_BUFFER: &str = "\
import sys,vfs
_part=bytearray(b'old!'*1500)
def _keep(done):
 with open('rom','wb')as f:f.write(_part)
 with open('done','w')as f:f.write(done)
class Vfs:
 def __getattr__(s,n):return getattr(_vfs,n)
 def rom_ioctl(s,op,*a):
  if op==1:return 1
  if op!=1 and a[0]!=0:return -22
  if op==2:return memoryview(_part)
  if op==3:
   o,n=a[1:]if len(a)==3 else(0,a[1])
   if o+n>6000 or(len(a)==3)!=({least}>0):return -22
   if len(a)==2:n=min(-(-n//4096)*4096,6000)
   _part[o:o+n]=b'\\xff'*n;_keep('no');return 4
  if op==4:
   o,d=a[1:]
   if o+len(d)>6000 or o%4 or len(d)%4:return -22
   if any(_part[i]!=255 for i in range(o,o+len(d))):return -22
   _part[o:o+len(d)]=d;_keep('no');return 0
  if op==5:_keep('yes');return 0
  if op==6:return {least}
  return -22
_vfs=vfs
sys.modules['vfs']=Vfs()
";

/// Asserts what a file of the board holds, now or soon: `bootloader` does not wait for the board's end.
#[track_caller]
fn comes_to_hold(board: &Board, name: &str, content: &str) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let found = std::fs::read_to_string(board.files().join(name)).unwrap_or_default();
        if found == content {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{name}: {found:?}, not {content:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `reset` restarts the board; the command after it finds it afresh.
#[test]
fn reset_restarts_and_the_next_command_waits() {
    let (desk, board) = (Desk::new(), Board::booting(MACHINE));
    desk.ucli_on(&board, &["exec", "mark=1"]).run().ok();
    assert_eq!(
        desk.ucli_on(&board, &["eval", "'mark' in globals()"]).out(),
        "True\n"
    );
    let said = desk
        .ucli_on(&board, &["reset", "eval", "'mark' in globals()"])
        .out();
    assert_eq!(said, "False\n");
    comes_to_hold(&board, "starts", "xx");
    comes_to_hold(&board, "ends", "reset\n");
}

/// `reset --wait` comes back when the board answers.
#[test]
fn reset_with_wait_ends_when_the_board_answers() {
    let (desk, board) = (Desk::new(), Board::booting(MACHINE));
    let done = desk.ucli_on(&board, &["reset", "--wait"]).run().ok();
    assert_eq!(done.out(), "", "{done}");
    comes_to_hold(&board, "starts", "xx");
    assert_eq!(desk.ucli_on(&board, &["eval", "6*7"]).out(), "42\n");
}

#[test]
fn bootloader_is_entered() {
    let (desk, board) = (Desk::new(), Board::booting(MACHINE));
    desk.ucli_on(&board, &["bootloader"]).run().ok();
    comes_to_hold(&board, "ends", "bootloader\n");
}

/// CircuitPython resets through `microcontroller`.
#[test]
fn firmware_without_machine_reset_uses_microcontroller() {
    let (desk, board) = (Desk::new(), Board::booting(MICROCONTROLLER));
    desk.ucli_on(&board, &["reset", "--wait"]).run().ok();
    desk.ucli_on(&board, &["bootloader"]).run().ok();
    comes_to_hold(&board, "ends", "reset\nuf2\n");
}

#[test]
fn firmware_without_any_reset_says_so() {
    let boot = "import sys\nsys.modules['machine']=object()\n";
    let (desk, board) = (Desk::new(), Board::booting(boot));
    desk.ucli_on(&board, &["reset"]).run().fails(1, "reset");
    desk.ucli_on(&board, &["bootloader"])
        .run()
        .fails(1, "boot loader");
}

/// `rtc --set` gives the tuple that `machine.RTC.datetime` wants: eight whole numbers, Monday 0.
#[test]
fn clock_is_set_to_a_whole_date() {
    let (desk, board) = (Desk::new(), Board::booting(MACHINE));
    for option in ["--set", "--set-utc"] {
        let said = desk.ucli_on(&board, &["rtc", option, "+", "rtc"]).out();
        let numbers: Vec<u32> = said
            .trim()
            .trim_matches(['(', ')'])
            .split(", ")
            .map(|number| number.parse().unwrap_or_else(|_| panic!("{said}")))
            .collect();
        let [year, month, day, weekday, hour, minute, second, rest] = numbers[..] else {
            panic!("{said}");
        };
        assert!(year >= 2024 && (1..=12).contains(&month) && (1..=31).contains(&day));
        assert!(weekday < 7 && hour < 24 && minute < 60 && second < 61 && rest == 0);
        // Zeller's congruence; Saturday is its 0.
        let (zeller_month, zeller_year) = if month < 3 {
            (month + 12, year - 1)
        } else {
            (month, year)
        };
        let zeller = (day + 13 * (zeller_month + 1) / 5 + zeller_year + zeller_year / 4
            - zeller_year / 100
            + zeller_year / 400)
            % 7;
        assert_eq!(weekday, (zeller + 5) % 7, "{said}");
    }
}

/// Checks that `romfs deploy` leaves in the partition what `romfs build` makes, and that `query` sees it.
#[track_caller]
fn deployed_is_what_was_built(boot: &str, size: usize, blocks: &str) {
    let (desk, board) = (Desk::new(), Board::booting(boot));
    desk.put("dir/a.py", "x = 42\n");
    desk.put(
        "dir/sub/data.bin",
        (0..=255).cycle().take(900).collect::<Vec<u8>>(),
    );
    desk.ucli(&["romfs", "-o", "a.romfs", "build", "dir"])
        .run()
        .ok();
    let image = desk.get("a.romfs");
    let before = desk.ucli_on(&board, &["romfs", "query"]).out();
    assert_eq!(
        before,
        format!(
            "ROMFS0 partition has size {size} bytes ({blocks} bytes each)\n  \
             Raw contents: 6f:6c:64:21:6f:6c:64:21:6f:6c:64:21 ...\n  Not a valid ROMFS\n"
        )
    );
    for source in ["dir", "a.romfs"] {
        let done = desk
            .ucli_on(&board, &["romfs", "deploy", source])
            .run()
            .ok();
        assert!(done.out().ends_with("ROMFS image deployed\n"), "{done}");
        let rom = board.get("rom");
        assert_eq!(rom.len(), size);
        assert!(rom.starts_with(&image), "{done}");
    }
    let after = desk.ucli_on(&board, &["romfs", "query"]).out();
    assert!(
        after.ends_with(&format!("  ROMFS image size: {}\n", image.len())),
        "{after}"
    );
}

/// Padding stays inside the blocks that were erased, even of a small partition.
#[test]
fn romfs_deploys_to_a_block_device() {
    deployed_is_what_was_built(ROM_DEVICE, 1536, "3 blocks of 512");
}

#[test]
fn romfs_deploys_to_memory_prepared_at_once() {
    let boot = ROM_BUFFER.replace("{least}", "-22");
    deployed_is_what_was_built(&boot, 6000, "1 blocks of 6000");
}

#[test]
fn romfs_deploys_to_memory_prepared_in_pieces() {
    let boot = ROM_BUFFER.replace("{least}", "1000");
    deployed_is_what_was_built(&boot, 6000, "6 blocks of 1000");
}

/// The image must fit, and the partition must be there; the old content stays otherwise.
#[test]
fn romfs_that_does_not_fit_is_refused() {
    let (desk, board) = (Desk::new(), Board::booting(ROM_DEVICE));
    desk.put("dir/big.bin", [7; 1600]);
    desk.ucli_on(&board, &["romfs", "deploy", "dir"])
        .run()
        .fails(1, "1,536");
    desk.put("small/a.txt", "a");
    desk.ucli_on(&board, &["romfs", "-p", "1", "deploy", "small"])
        .run()
        .fails(1, "ROMFS1");
    assert!(!board.files().join("rom").exists(), "nothing was written");
}

/// A write that the board refuses is an error, not a success.
#[test]
fn romfs_write_error_is_reported() {
    let boot = ROM_BUFFER
        .replace("{least}", "-22")
        .replace("if op==4:", "if op==4:return -5\n  if op==4:");
    let (desk, board) = (Desk::new(), Board::booting(&boot));
    desk.put("dir/a.txt", "a");
    desk.ucli_on(&board, &["romfs", "deploy", "dir"])
        .run()
        .fails(1, "write");
}
