/* For the static build with glibc: look names up in files and DNS, whatever /etc/nsswitch.conf says.
 *
 * A static program holds these two ways itself. Any other that the file names (sss, resolve, mdns, …) glibc would load
 * from the machine it runs on; those modules belong to another glibc, and the program is aborted in the middle of its
 * work. packaging/build links this file; a test there proves that it took effect.
 */
#include <nss.h>

__attribute__((constructor)) static void files_and_dns_only(void) {
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("networks", "files");
    __nss_configure_lookup("protocols", "files");
    __nss_configure_lookup("services", "files");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
    __nss_configure_lookup("initgroups", "files");
    __nss_configure_lookup("shadow", "files");
}
