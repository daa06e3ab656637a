# while with else, break and continue.
n = 0
while n < 10:
    n += 1
    if n % 2: continue
    if n > 6: break
    print(n)
else:
    print("not reached")
while n > 8:
    pass
else:
    print("else", n)
while True:
    n -= 1
    while n > 3:
        n -= 2
        if n == 4: break
    else:
        print("inner else")
        break
print(n)
