# Runs first: makes the flash the root, formatted if nothing is on it.
import upy
import vfs


def _root():
    flash = upy.Flash()
    try:
        return vfs.VfsLfs2(flash, progsize=256)
    except OSError:
        start = bytearray(64)
        for block in 0, 1:
            flash.readblocks(block, start, 0)
            if b"littlefs" in start:
                # Something was here: what is left of it is not ours to erase.
                raise
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    return vfs.VfsLfs2(flash, progsize=256)


try:
    vfs.mount(_root(), "/")
except OSError as error:
    print("The file system on the flash can't be used:", error)
del _root, upy, vfs
