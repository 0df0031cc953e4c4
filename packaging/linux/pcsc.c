/* PC/SC found when it is first used, so that one program runs with and without it.
 *
 * The library (libpcsclite.so.1) belongs to the machine: its protocol with the daemon there changes between versions, so
 * it is neither linked into the program nor needed to start it. Without it every call answers that there is no service,
 * as it does while the daemon is down, and the next call looks again. packaging/build links this file in its place.
 */
#include <dlfcn.h>
#include <stdatomic.h>

_Static_assert(sizeof(long) == sizeof(void *), "every parameter below is as wide as a pointer");

struct pci { unsigned long protocol, length; };
const struct pci g_rgSCardT0Pci = { 1, sizeof(struct pci) };
const struct pci g_rgSCardT1Pci = { 2, sizeof(struct pci) };
const struct pci g_rgSCardRawPci = { 4, sizeof(struct pci) };

static const long NO_SERVICE = 0x8010001D;

static void *found(const char *name) {
    static _Atomic(void *) library;
    void *open = atomic_load(&library);
    if (open == 0) {
        open = dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL);
        if (open == 0) return 0;
        atomic_store(&library, open);
    }
    return dlsym(open, name);
}

#define CALL(name, parameters, arguments)                        \
    long name parameters {                                       \
        long (*call) parameters = (long (*) parameters)found(#name); \
        return call == 0 ? NO_SERVICE : call arguments;          \
    }

CALL(SCardReleaseContext, (long a), (a))
CALL(SCardIsValidContext, (long a), (a))
CALL(SCardCancel, (long a), (a))
CALL(SCardBeginTransaction, (long a), (a))
CALL(SCardEndTransaction, (long a, long b), (a, b))
CALL(SCardDisconnect, (long a, long b), (a, b))
CALL(SCardEstablishContext, (long a, long b, long c, long d), (a, b, c, d))
CALL(SCardGetStatusChange, (long a, long b, long c, long d), (a, b, c, d))
CALL(SCardListReaders, (long a, long b, long c, long d), (a, b, c, d))
CALL(SCardGetAttrib, (long a, long b, long c, long d), (a, b, c, d))
CALL(SCardSetAttrib, (long a, long b, long c, long d), (a, b, c, d))
CALL(SCardReconnect, (long a, long b, long c, long d, long e), (a, b, c, d, e))
CALL(SCardConnect, (long a, long b, long c, long d, long e, long f), (a, b, c, d, e, f))
CALL(SCardStatus, (long a, long b, long c, long d, long e, long f, long g), (a, b, c, d, e, f, g))
CALL(SCardTransmit, (long a, long b, long c, long d, long e, long f, long g), (a, b, c, d, e, f, g))
CALL(SCardControl, (long a, long b, long c, long d, long e, long f, long g), (a, b, c, d, e, f, g))
