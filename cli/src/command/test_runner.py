# Sent to the board by `ucli test` behind the name of a module: runs its tests one by one and says after each
# how it went, in a line of its own that begins with a mark no program prints.
import sys,time
def _say(*w):print("\x1eT"+"\x1f".join(w).replace("\n","\x1d"))
def _run(name,work):
 _say("begin",name);t=time.ticks_ms()
 try:work();r=("passed","")
 except BaseException as e:
  if isinstance(e,KeyboardInterrupt):raise
  k=type(e).__name__
  if k=="SkipTest":r=("skipped",str(e.args[0]) if e.args else "")
  else:
   import io;b=io.StringIO();sys.print_exception(e,b)
   r=("failed",b.getvalue())
 _say(r[0],name,str(time.ticks_diff(time.ticks_ms(),t)),r[1])
def _case(c):
 n=c.__name__
 if getattr(c,"__unittest_skip__",False):return _say("skipped",n,"0",getattr(c,"__unittest_skip_why__",""))
 if hasattr(c,"setUpClass"):c.setUpClass()
 for m in sorted(dir(c)):
  if m.startswith("test") and callable(getattr(c,m)):
   def work():
    o=c();f=getattr(o,m)
    if hasattr(o,"setUp"):o.setUp()
    try:f()
    finally:
     if hasattr(o,"tearDown"):o.tearDown()
     if hasattr(o,"doCleanups"):o.doCleanups()
   _run(n+"."+m,work)
 if hasattr(c,"tearDownClass"):c.tearDownClass()
def _module(name):
 m=__import__(name,None,None,(1,))
 try:from unittest import TestCase
 except ImportError:TestCase=None
 for n in sorted(dir(m)):
  o=getattr(m,n)
  if isinstance(o,type):
   if TestCase and o is not TestCase and issubclass(o,TestCase):_case(o)
  elif n.startswith("test") and callable(o):_run(n,o)
