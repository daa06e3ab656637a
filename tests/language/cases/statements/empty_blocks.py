# pass, lone constants and empty bodies everywhere.
class Empty: pass
class Doc:
    """Only a text."""
def nothing(): ...
def text():
    """Only a text."""
for i in range(2): pass
while False: pass
else: pass
try: pass
except: pass
else: pass
finally: pass
if 1: ...
else: ...
print(nothing(), text(), i, Empty.__name__, Doc().__class__.__name__)
