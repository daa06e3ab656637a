# Names that look like keywords, long names, underscores, and names beyond ASCII in attributes.
match, case, type_, _ = 1, 2, 3, 4
print(match, case, type_, _)
__x, x__, _1, a1b2 = 1, 2, 3, 4
print(__x, x__, _1, a1b2)
a_very_long_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on = 5
print(a_very_long_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on)
class K:
    match = 1
    def case(self, type=2): return self.match, type
print(K().case(), K().case(type=5))
print_ = print
print_("renamed")
list_, dict_ = list, dict
print_(list_("ab"), dict_(a=1))
def print2(*a): print_("wrapped", *a)
print2(1)
l = [1, 2]
sum_, len_ = sum(l), len(l)
def len(x): return "shadowed"
print(len(l), sum_, len_)
del len
print(len(l))
