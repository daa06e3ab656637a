/* The one function of Windows' bcryptprimitives.dll that Rust's standard library calls. Debian's wine
 * (8.0) has no such library; `cargo xtask desks` builds this one beside the program under test. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T len)
{
    return RtlGenRandom(data, (ULONG)len);
}
