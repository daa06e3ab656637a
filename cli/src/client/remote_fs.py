import os,io,sys,micropython
class _C:
 def __init__(s):
  s.i=sys.stdin.buffer;s.o=sys.stdout.buffer;s.q=30000
  try:
   from select import poll
   s.p=poll();s.p.register(sys.stdin,1)
  except Exception:s.p=None
 def w(s,d):
  d=memoryview(d)
  while len(d):d=d[s.o.write(d)or 0:]
 def b(s,c):
  micropython.kbd_intr(-1);s.w(bytes((24,c)))
  while s.g(s.q)!=24:pass
 def e(s):micropython.kbd_intr(3)
 def x(s):
  s.e();s.q=100
  try:os.chdir('/');os.umount('/remote')
  except Exception:pass
  raise OSError(110)
 def g(s,t=1000):
  if s.p and not s.p.poll(t):s.x()
  return s.i.read(1)[0]
 def r(s,n):
  b=bytearray(n);m=memoryview(b);k=0
  while k<n:
   if s.p and not s.p.poll(1000):s.x()
   k+=s.i.readinto(m[k:])or 0
  return b
 def n(s):return int.from_bytes(s.r(4),'little')
 def sn(s):
  v=s.n();return v-(1<<32)if v>>31 else v
 def s8(s):
  v=s.g();return v-256 if v>127 else v
 def d(s):return s.r(s.n())
 def t(s,*a):
  for x in a:
   x=x.encode();s.w(len(x).to_bytes(4,'little'));s.w(x)
 def z(s,c,*a):
  s.b(c);s.t(*a);v=s.sn();s.e()
  if v<0:raise OSError(-v)
class _F(io.IOBase):
 def __init__(s,c,f,t):s.c=c;s.f=f;s.t=t;s.v=b''
 def _r(s,n):
  c=s.c;c.b(6);c.w(bytes((s.f,)));c.w(n.to_bytes(4,'little'));d=c.d();c.e();return d
 def ioctl(s,r,a):
  if r==4:s.close();return 0
  if r==11:return 249
  return -1
 def close(s):
  if s.f is not None:
   c=s.c;c.b(5);c.w(bytes((s.f,)));c.e();s.f=None
 def __del__(s):s.close()
 def flush(s):pass
 def __enter__(s):return s
 def __exit__(s,*a):s.close()
 def __iter__(s):return s
 def __next__(s):
  l=s.readline()
  if not l:raise StopIteration
  return l
 def readinto(s,b):
  n=len(b)if isinstance(b,(bytearray,memoryview))else len(bytes(b));d=s.v[:n]
  if d:s.v=s.v[len(d):]
  else:d=s._r(min(n,2048))
  return io.BytesIO(d).readinto(b)
 def _n(s,n):
  d=s.v
  while n<0 or len(d)<n:
   x=s._r(2048 if n<0 else min(max(n-len(d),240),2048))
   if not x:break
   d+=x
  if n<0:n=len(d)
  s.v=bytes(d[n:]);return bytes(d[:n])
 def _s(s,d):
  if not s.t:return d
  for k in range(4):
   try:return str(d,'utf8')
   except UnicodeError:
    x=s._n(1)
    if not x or x[0]&0xc0!=0x80:
     s.v=x+s.v;raise
    d+=x
  return str(d,'utf8')
 def read(s,n=-1):return s._s(s._n(-1 if n is None else n))
 def readline(s):
  d=s.v
  while 1:
   k=d.find(b'\n')
   if k>=0:
    s.v=bytes(d[k+1:]);return s._s(bytes(d[:k+1]))
   x=s._r(240)
   if not x:
    s.v=b'';return s._s(bytes(d))
   d+=x
 def readlines(s):return list(s)
 def write(s,b):
  if s.v:s.seek(0,1)
  n=len(b);m=memoryview(b.encode()if s.t else bytes(memoryview(b)));c=s.c;k=0
  if not s.t:n=len(m)
  while k<len(m):
   x=m[k:k+2048];c.b(8);c.w(bytes((s.f,)));c.w(len(x).to_bytes(4,'little'));c.w(x);v=c.sn();c.e()
   if v<0:raise OSError(-v)
   k+=v
  return n
 def seek(s,o,w=0):
  if w==1:o-=len(s.v)
  s.v=b'';c=s.c;c.b(9);c.w(bytes((s.f,)));c.w((o&0xffffffff).to_bytes(4,'little'));c.w(bytes((w,)));v=c.sn();c.e()
  if v<0:raise OSError(22)
  return v
 def tell(s):
  return s.seek(0,1)
class _V:
 def __init__(s):s.c=_C();s.d='/'
 def mount(s,r,m):pass
 def umount(s):pass
 def p(s,a):
  if a[:1]!='/':a=s.d+a
  q=[]
  for x in a.split('/'):
   if x=='..':
    if q:q.pop()
   elif x and x!='.':q.append(x)
  return '/'+'/'.join(q)
 def stat(s,a):
  a=s.p(a);c=s.c;c.b(1);c.t(a);v=c.s8()
  if v<0:c.e();raise OSError(-v)
  r=(c.n(),0,0,0,0,0,c.n(),c.n(),c.n(),c.n());c.e();return r
 def ilistdir(s,a):
  c=s.c;c.b(2);c.t(s.p(a));v=c.s8();c.e()
  if v<0:raise OSError(-v)
  l=[]
  while 1:
   c.b(3);x=str(c.d(),'utf8')
   if not x:c.e();break
   l.append((x,c.n(),0));c.e()
  return iter(l)
 def open(s,a,m):
  c=s.c;c.b(4);c.t(s.p(a),m);v=c.s8();c.e()
  if v<0:raise OSError(-v)
  return _F(c,v,'b'not in m)
 def chdir(s,a):
  a=s.p(a)
  if a!='/':
   if not s.stat(a)[0]&0x4000:raise OSError(20)
   a+='/'
  s.d=a
 def getcwd(s):return s.d
 def remove(s,a):s.c.z(10,s.p(a))
 def rename(s,a,b):s.c.z(11,s.p(a),s.p(b))
 def mkdir(s,a):s.c.z(12,s.p(a))
 def rmdir(s,a):s.c.z(13,s.p(a))
 def statvfs(s,a):return(4096,4096,0,0,0,0,0,0,0,255)
def _m():
 print(os.getcwd())
 try:from vfs import mount
 except ImportError:from os import mount
 try:os.chdir('/')
 except OSError:pass
 mount(_V(),'/remote');os.chdir('/remote')
_m()
