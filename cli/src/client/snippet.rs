//! All the Python that is sent to boards, one constant each.
//!
//! It has to compile on everything since MicroPython 1.9 and, where it is marked so, on
//! CircuitPython, in the little memory that is left there: names are one letter, and a part is only
//! sent when it is needed. Names of the resident part:
//!
//! | name | meaning |
//! |---|---|
//! | `i` `o` | binary stdin and stdout (fast path only) |
//! | `W` | bytes of input per acknowledgement |
//! | `f(kind, payload)` | sends one frame |
//! | `q(view)` | fills a view from the input stream |
//! | `C(data, before)` | CRC-32, or `None` |
//! | `M` | check of the frames so far |
//! | `S()` | a digest object: SHA-256, or what stands in for it |
//! | `T(path)` | type and size of a path |
//! | `E(exception)` | its text |
//!
//! Frames and windows are described in `ucli_protocol::agent`.

/// Loads the resident part over raw bytes. `{n}`: its length in bytes, `{w}`: bytes per window, `{s}`:
/// the sum of its bytes, without which nothing of it runs.
///
/// Its first acknowledgement says that it reads. It is shorter than any board's input buffer, 256
/// bytes, so that plain raw mode takes it at once. Ctrl-C is switched off
/// because the data may hold it; the REPL switches it on again.
pub(crate) const BOOT: &str = "\
def _u(n,w,s):
 import sys,micropython as m
 m.kbd_intr(-1);i=sys.stdin.buffer;o=sys.stdout.buffer.write;t=b'\\xf5A\\0\\0';b=b'';o(t)
 while n:
  k=min(n,w);n-=k
  while k:d=i.read(k);k-=len(d);b+=d
  o(t)
 if sum(b)==s:exec(b,{'W':w})
_u({n},{w},{s})
";

/// Runs the `{n}` bytes behind it, whose sum is `{s}`, in a namespace of their own; no input buffer has to
/// hold them.
pub(crate) const AT_ONCE: &str = "\
def _u(n,s):
 import sys
 b=b''
 while n:d=sys.stdin.buffer.read(n);n-=len(d);b+=d
 if sum(b)==s:exec(b,{})
_u({n},{s})
";

/// What stands before a question that [`AT_ONCE`] runs: its lines come as those of [`ASK`].
pub(crate) const CHECKED_START: &str = "\
from binascii import crc32 as _c
_v=0
_p=print
def print(t):
 global _v
 t=str(t);_p('\\x1e'+t);_v=_c(t.encode(),_v)
";

/// What stands behind it.
pub(crate) const CHECKED_END: &str = "_p('\\x1f%d'%_v)\n";

/// Digests, types and errors; for both paths and for CircuitPython.
pub(crate) const COMMON: &str = "\
import sys,os,gc
try:from binascii import crc32 as C
except ImportError:
 try:from ubinascii import crc32 as C
 except ImportError:C=None
try:from hashlib import sha256 as S
except ImportError:
 try:from uhashlib import sha256 as S
 except ImportError:
  class S:
   def __init__(s):s.v=0
   def update(s,d):
    if C:s.v=C(d,s.v)
    else:
     for x in d:s.v=(s.v*31+x)&0x3fffffff
   def digest(s):return bytes((s.v>>24,s.v>>16&255,s.v>>8&255,s.v&255))
def E(e):return type(e).__name__+repr(e.args)
def T(a):
 s=os.stat(a);return(s[0]&0x4000,s[6])
";

/// The fast path's frames, its input stream and its loop. Sent after [`COMMON`].
///
/// A request begins with 0x52 and a length and ends in its CRC-32, so that noise ends the agent instead
/// of being run; an input that stays away for ten seconds ends it too. Only what a request raises is
/// caught in the loop: what goes wrong in the loop itself ends it.
pub(crate) const AGENT: &str = "\
class X(Exception):pass
i=sys.stdin.buffer
o=sys.stdout.buffer
try:
 from select import poll
 p=poll();p.register(sys.stdin,1)
except Exception:p=None
def w(d):
 d=memoryview(d);z=0
 while len(d):
  n=o.write(d)or 0;d=d[n:];z=0 if n else z+1
  if z>20:raise X
M=0
def f(k,d=b''):
 global M
 n=len(d);h=bytes((245,k,n&255,n>>8))
 if C:M=C(d,C(h,M))
 w(h);w(d);w(M.to_bytes(4,'little'))
c=W
def q(m):
 global c
 n=len(m);a=0
 while a<n:
  if p and not p.poll(10000):raise X
  k=i.readinto(m[a:min(n,a+c)])or 0;a+=k;c-=k
  if c==0:c=W;w(b'\\xf5A\\0\\0')
H=memoryview(bytearray(3))
def l():
 try:
  while 1:
   q(H);n=H[1]|H[2]<<8
   if H[0]!=82 or not n:break
   b=bytearray(n);q(memoryview(b))
   if C and C(b)!=558161692:raise X
   try:exec(bytes(memoryview(b)[:n-4]),globals());b=None;f(82)
   except X:raise
   except Exception as e:f(69,E(e).encode())
 except Exception as e:
  if not isinstance(e,X):f(69,E(e).encode())
  while p and p.poll(100):i.read(1)
 w(b'\\xf5Y\\0\\0')
";

/// Starts the loop. Stands alone so that requests can be compiled in before it.
pub(crate) const AGENT_START: &str = "l()\n";

/// Says what the board can do: `(free heap, inflates, digest, platform, version, implementation)`.
///
/// `inflates` is 0, 1 (`zlib`) or 2 (`deflate`); `digest` is 32 (SHA-256), 4 (CRC-32) or 1 (sum).
pub(crate) const CAPABILITIES: &str = "\
try:
 import deflate,io
 D=2
except ImportError:
 try:
  try:import zlib
  except ImportError:import uzlib as zlib
  zlib.decompress;D=1
 except Exception:D=0
gc.collect()
try:n=gc.mem_free()
except Exception:n=0
try:v=tuple(sys.implementation[1])[:3]
except Exception:v=()
d=len(S().digest())
f(68,repr((n,D,d if d>4 else 4 if C else 1,sys.platform,v,sys.implementation[0])).encode())
";

/// Buffers of `{b}` bytes for both directions and their window size `{e}` as a power of two.
pub(crate) const BUFFERS: &str = "B={b};V=memoryview(bytearray(B));N={e}\n";

/// `h(path)`: the digest of a file. Needs [`BUFFERS`].
pub(crate) const HASH: &str = "\
def h(a):
 s=S();g=open(a,'rb')
 try:
  while 1:
   n=g.readinto(V)
   if not n:break
   s.update(V[:n])
 finally:g.close()
 return s.digest()
";

/// `A(items)`: for each `(path, size)` one data frame: `None`, `(is_dir, size)`, or with the digest
/// when the size is the same (-1: always). Needs [`HASH`].
pub(crate) const STAT: &str = "\
def A(l):
 for a,z in l:
  try:
   t=T(a)
   if not t[0]and(z<0 or z==t[1]):t+=(h(a),)
  except OSError as e:t=e.args[0]
  f(68,repr(t).encode())
";

/// Free bytes of the file system that holds `{p}`, or -1: one data frame.
pub(crate) const FREE: &str = "\
try:z=os.statvfs({p});f(68,repr((z[1]or z[0])*z[3]).encode())
except Exception:f(68,b'-1')
";

/// `L(root, recursive)`: one data frame `(path, is_dir, size)` per entry.
pub(crate) const LIST: &str = "\
def J(a,b):return b if not a else a+b if a[-1]=='/'else a+'/'+b
def L(a,r):
 s=[a]
 while s:
  a=s.pop()
  try:d=os.ilistdir(a)
  except AttributeError:d=((x,)for x in os.listdir(a or'.'))
  for x in d:
   b=J(a,x[0])
   try:t=(x[1]&0x4000,x[3])if len(x)>3 else T(b)
   except OSError:t=(0,0)
   f(68,repr((b,t[0],t[1])).encode())
   if t[0]and r:s.append(b)
";

/// `K(paths)`: makes directories; those that exist are fine. One data frame per path.
pub(crate) const MKDIR: &str = "\
def K(l):
 for a in l:
  try:os.mkdir(a);e=0
  except OSError as x:
   e=x.args[0]
   try:
    if T(a)[0]:e=-1
   except OSError:pass
  f(68,repr(e).encode())
";

/// `U(paths)`: removes files and empty directories in this order. One data frame per path.
pub(crate) const REMOVE: &str = "\
def U(l):
 for a,d in l:
  try:
   if d:os.rmdir(a)
   else:os.remove(a)
   e=0
  except OSError as x:e=x.args[0]
  f(68,repr(e).encode())
";

/// `Q(path, temporary, size, digest)`: the end of every upload: checks and renames.
///
/// Renaming over a file is atomic on littlefs; FAT refuses it, and the old file goes first there.
pub(crate) const COMMIT: &str = "\
def R(t):
 try:os.remove(t)
 except OSError:pass
def Q(a,t,n,x,d):
 try:
  if x!=d or T(t)[1]!=n:raise ValueError('digest')
  try:os.rename(t,a)
  except OSError:
   if T(a)[0]:raise
   os.remove(a);os.rename(t,a)
 except Exception:R(t);raise
";

/// [`BUFFERS`] as large as the board has room for: `buffer_exponent` of `fs.rs`, worked out there. `n` is
/// the free heap of [`CAPABILITIES`].
pub(crate) const OWN_BUFFERS: &str = "\
N=14
while N>9 and n-12288<4<<N:N-=1
V=None
gc.collect()
B=1<<N;V=memoryview(bytearray(B))
";

/// What [`PUT`] inflates into. Needs [`BUFFERS`].
pub(crate) const PUT_BUFFER: &str = "if D==2:Z=memoryview(bytearray(B))\n";

/// `P(path, temporary, size, digest)`: an upload in blocks. Runs with [`BUFFERS`], [`PUT_BUFFER`] and
/// [`COMMIT`].
///
/// A block is 0x42, its length (bit 15: deflated), its bytes; an empty one ends the file. After an
/// error the rest is read and thrown away, an empty data frame tells the host to stop early.
pub(crate) const PUT: &str = "\
if D==2:
 def I(y):return Z[:deflate.DeflateIO(io.BytesIO(y),deflate.RAW,N).readinto(Z)]
elif D:
 def I(y):return zlib.decompress(y,-15)
def P(a,t,z,d):
 e=g=None;s=S();gc.collect()
 try:g=open(t,'wb')
 except Exception as x:e=x;f(68)
 try:
  while 1:
   q(H);n=H[1]|(H[2]&127)<<8
   if H[0]!=66:raise X
   if not n:break
   y=V[:n];q(y)
   if e:continue
   try:
    if H[2]&128:y=I(y)
    g.write(y);s.update(y)
   except Exception as x:e=x;f(68)
 except X:e=X();raise
 finally:
  if g:
   g.close()
   if e:R(t)
 if e:raise e
 Q(a,t,z,s.digest(),d)
";

/// `G(path)`: a download: data frames, an empty one, then the digest. Needs [`BUFFERS`].
pub(crate) const GET: &str = "\
def G(a):
 s=S();g=open(a,'rb')
 try:
  while 1:
   n=g.readinto(V)
   if not n:break
   f(68,V[:n]);s.update(V[:n])
 finally:g.close()
 f(68);f(68,s.digest())
";

/// Inflates `b`, whose window is at most 4 KiB.
pub(crate) const INFLATE: &str =
    "b=deflate.DeflateIO(io.BytesIO(b),deflate.RAW,12).read()if D==2 else zlib.decompress(b,-15)\n";

/// The slow path's frames: a line of 0x1e, the kind, hexadecimal digits, and a CRC-32 as in
/// `ucli_protocol::agent` of all lines so far. For CircuitPython and for firmware without binary stdin.
/// Sent after [`COMMON`].
pub(crate) const TEXT_FRAMES: &str = "\
M=0
def f(k,d=b''):
 global M
 n=len(d)
 if C:M=C(d,C(bytes((245,k,n&255,n>>8)),M))
 print('\\x1e'+chr(k)+''.join(['%02x'%x for x in d])+'%08x'%M)
def x(b,k):
 if C and C(b)!=k:raise ValueError('damaged')
 exec(b,globals());f(82)
";

/// The slow path's upload: open, pieces, close. Needs [`COMMIT`].
pub(crate) const TEXT_PUT: &str = "\
try:from binascii import a2b_base64 as b6
except ImportError:
 try:from ubinascii import a2b_base64 as b6
 except ImportError:b6=None
def O(t):
 global g,s
 s=S();g=open(t,'wb')
def Y(d):g.write(d);s.update(d)
def P(a,t,z,d):
 g.close();Q(a,t,z,s.digest(),d)
";

/// A question of our own, the bytes literal `{b}` with the CRC-32 `{k}`: what it prints comes with a CRC-32
/// behind it, and nothing runs that did not come whole. The lines begin with 0x1e, the last one, the
/// CRC-32, with 0x1f. Needs `binascii.crc32`.
pub(crate) const ASK: &str = "\
from binascii import crc32 as _c
def _a(b,k):
 v=0
 def p(t):
  nonlocal v
  t=str(t);print('\\x1e'+t);v=_c(t.encode(),v)
 if _c(b)!=k:raise ValueError('damaged')
 exec(b,{'print':p});print('\\x1f%d'%v)
_a({b},{k})
";

/// What `ucli info` and `ucli devs --probe` ask.
pub(crate) const INFO: &str = "\
import sys,os
def _u():
 try:u=tuple(os.uname())
 except Exception:u=()
 i=sys.implementation
 try:v=tuple(i[1])
 except Exception:v=()
 m=getattr(i,'_machine','')or(u[4]if len(u)>4 else'')
 y=getattr(i,'_mpy',getattr(i,'mpy',0))
 try:
  import gc
  gc.collect();h=(gc.mem_alloc(),gc.mem_free())
 except Exception:h=(0,0)
 try:
  s=os.statvfs('/');d=(s[1]*s[2]if s[1]else s[0]*s[2],(s[1]or s[0])*s[3])
 except Exception:d=(0,0)
 try:
  import machine
  c=machine.unique_id()
 except Exception:c=b''
 try:
  q=machine.freq();q=q[0]if isinstance(q,tuple)else q
 except Exception:q=0
 print(repr((i[0],v,m,sys.platform,y,h,d,c,q,u[3]if len(u)>3 else'',list(sys.path))))
_u()
del _u
";

/// The mounted file systems: `(description, mount point, size, free)` per line.
pub(crate) const DISKS: &str = "\
import os
def _u():
 l=[]
 try:
  import vfs
  l=[(str(v),p)for v,p in vfs.mount()]
 except Exception:
  l=[('','/')]
  for d in os.listdir('/'):
   try:
    if os.stat('/'+d)[0]&0x4000:l.append(('','/'+d))
   except OSError:pass
 z=[]
 for v,p in l:
  try:s=os.statvfs(p)
  except Exception:continue
  n=s[1]or s[0]
  if n*s[2]and(v or tuple(s)not in z):
   z.append(tuple(s));print(repr((v,p,n*s[2],n*s[3])))
_u()
del _u
";

/// Reads the clock.
pub(crate) const RTC_GET: &str = "import machine\nprint(machine.RTC().datetime())\n";

/// Sets the clock; `{t}` is the tuple `(year, month, day, weekday, hour, minute, second, 0)`.
pub(crate) const RTC_SET: &str = "import machine\nmachine.RTC().datetime({t})\n";

/// A hard reset, late enough for the answer to get out first.
pub(crate) const RESET: &str = "import time,machine\ntime.sleep_ms(100)\nmachine.reset()\n";

/// CircuitPython's hard reset.
pub(crate) const RESET_CIRCUITPYTHON: &str =
    "import time,microcontroller\ntime.sleep(0.1)\nmicrocontroller.reset()\n";

/// Which board the firmware was built for, in MicroPython's words; empty where it does not say.
pub(crate) const BOARD: &str = "import sys
print(repr((getattr(sys.implementation,'_build',''),sys.platform)))
";

/// The boot loader, late enough for the answer to get out first.
pub(crate) const BOOTLOADER: &str =
    "import time,machine\ntime.sleep_ms(100)\nmachine.bootloader()\n";

/// CircuitPython's way into the boot loader.
pub(crate) const BOOTLOADER_CIRCUITPYTHON: &str = "\
import time,microcontroller as m
m.on_next_reset(m.RunMode.UF2 if hasattr(m.RunMode,'UF2')else m.RunMode.BOOTLOADER)
time.sleep(0.1)
m.reset()
";

/// Runs a `.mpy` image from memory as `__main__`: a file system with that one file is mounted for
/// the length of the import.
pub(crate) const RUN_MPY: &str = "\
import sys,io
try:import vfs as _v
except ImportError:import os as _v
class _F(io.IOBase):
 def __init__(s,d):s.d=d;s.p=0
 def readinto(s,b):
  d=s.d[s.p:s.p+len(b)];s.p+=len(d);b[:len(d)]=d;return len(d)
 def ioctl(s,r,a):return 0 if r==4 else -1
class _M:
 def __init__(s,d):s.d=d
 def mount(s,r,m):pass
 def umount(s):pass
 def stat(s,p):
  if p=='/__ucli__.mpy':return(0x8000,0,0,0,0,0,len(s.d),0,0,0)
  raise OSError(2)
 def open(s,p,m):
  if p!='/__ucli__.mpy':raise OSError(2)
  return _F(s.d)
_v.mount(_M({image}),'/__ucli__')
sys.path.insert(0,'/__ucli__')
try:
 import __ucli__
finally:
 sys.path.pop(0);_v.umount('/__ucli__');sys.modules.pop('__ucli__',None)
";

/// Size and blocks of each ROM partition: `(has ioctl, size, block size, first bytes)` per line.
pub(crate) const ROMFS_QUERY: &str = "\
import vfs
def _u():
 if not hasattr(vfs,'rom_ioctl'):
  print('None');return
 for n in range(vfs.rom_ioctl(1)):
  d=vfs.rom_ioctl(2,n)
  if isinstance(d,int):
   if d<0:continue
  if hasattr(d,'ioctl'):
   b=d.ioctl(5,0);print(repr((1,d.ioctl(4,0)*b,b,bytes(memoryview(d)[:12]))))
  else:print(repr((0,len(d),vfs.rom_ioctl(6,n),bytes(memoryview(d)[:12]))))
_u()
del _u
";

/// Opens partition `{n}` for writing: `Re(offset, length)` prepares, `Rw(offset, bytes)` writes, `Rc()`
/// ends. `{block}` is its block size, `{object}` whether it is a block device, `{pieces}` whether it
/// is prepared block by block.
pub(crate) const ROMFS_OPEN: &str = "\
import vfs
try:vfs.umount('/rom')
except Exception:pass
Rd=vfs.rom_ioctl(2,{n})
def Rw(o,d):
 if {object}:Rd.writeblocks(o//{block},d,o%{block});return
 r=vfs.rom_ioctl(4,{n},o,d)
 if isinstance(r,int)and r<0:raise OSError(-r)
def Re(o,z):
 if {object}:Rd.ioctl(6,o//{block});return
 r=vfs.rom_ioctl(3,{n},o,z)if {pieces} else vfs.rom_ioctl(3,{n},z)
 if r<0:raise OSError(-r)
def Rc():
 r=0 if {object} else vfs.rom_ioctl(5,{n})
 if isinstance(r,int)and r<0:raise OSError(-r)
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_fits_every_input_buffer() {
        let filled = BOOT
            .replace("{n}", "9999")
            .replace("{w}", "4096")
            .replace("{s}", "999999");
        assert!(filled.len() < 256, "{}", filled.len());
        let body = [COMMON, AGENT, CAPABILITIES, AGENT_START].concat();
        assert!(body.len() <= 9999);
        assert!(body.bytes().map(u32::from).sum::<u32>() <= 999_999);
    }
}
