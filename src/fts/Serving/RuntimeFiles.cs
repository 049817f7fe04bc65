using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fts.Serving;

/// <summary>
/// The files that .NET, the C library and OpenSSL read while a server runs. Paths that do not exist on a system are harmless.
/// </summary>
internal static class RuntimeFiles
{
    /// <summary>Returns the folders that are read.</summary>
    public static IEnumerable<string> Folders =>
    [
        // Assemblies and libraries are loaded on first use.
        AppContext.BaseDirectory, RuntimeEnvironment.GetRuntimeDirectory(),
        "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/nix/store", "/gnu/store",
        .. GetPathsFromVariable("LD_LIBRARY_PATH"),

        // The configuration of OpenSSL, and the certificates from which .NET builds chains. Not /etc/ssl/private.
        "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.d", "/etc/pki/ca-trust", "/etc/crypto-policies",
        "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/usr/share/crypto-policies",
        .. GetPathsFromVariable("SSL_CERT_DIR"), .. GetPathsFromVariable("OPENSSL_MODULES"),

        "/usr/share/zoneinfo", .. GetPathsFromVariable("TZDIR"),
        // The targets of /etc/resolv.conf, which systemd and other services replace.
        "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",

        // Memory limits for the garbage collector, and network addresses for the start screen.
        "/proc/self", "/proc/sys/net/ipv4/conf", "/proc/sys/net/ipv6/conf", "/sys/fs/cgroup", "/sys/devices/system",
    ];

    /// <summary>Returns the files that are read.</summary>
    public static IEnumerable<string> Files =>
    [
        "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem",
        "/etc/pki/tls/openssl.cnf", "/etc/pki/tls/cert.pem",
        .. GetPathsFromVariable("OPENSSL_CONF"), .. GetPathsFromVariable("SSL_CERT_FILE"),

        // For the names of --passive-address. /etc itself is not readable, so a file that is replaced later is not read again.
        "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",

        // The garbage collector and malloc read these repeatedly.
        "/proc/meminfo", "/proc/sys/vm/overcommit_memory",
        "/dev/null", "/dev/urandom", "/dev/random",
    ];

    /// <summary>The folder to which the runtime writes the names of threads.</summary>
    public static string ThreadNamesFolder => "/proc/self/task";

    /// <summary>
    /// Removes the pipes and the socket through which debuggers and profilers of the same user attach. They would bypass the sandbox, and
    /// inside it the runtime could not remove them at exit.
    /// </summary>
    public static void CloseDiagnostics()
    {
        try
        {
            // Field 22 is the start time (proc(5)). Field 2, in parentheses, can contain any character. A stream would cost 2 ms at the
            // start.
            Span<byte> stat = stackalloc byte[1024];
            using (SafeFileHandle file = File.OpenHandle("/proc/self/stat"))
            {
                stat = stat[..RandomAccess.Read(file, stat, 0)];
            }

            string startTime = Encoding.ASCII.GetString(stat[(stat.LastIndexOf((byte)')') + 2)..]).Split(' ')[19];
            string suffix = $"{Environment.ProcessId}-{startTime}", folder = Path.GetTempPath();
            File.Delete($"{folder}dotnet-diagnostic-{suffix}-socket");
            File.Delete($"{folder}clr-debug-pipe-{suffix}-in");
            File.Delete($"{folder}clr-debug-pipe-{suffix}-out");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /proc, or without permission, the names stay. The server runs anyway.
        }
    }

    private static string[] GetPathsFromVariable(string variable) =>
        (Environment.GetEnvironmentVariable(variable) ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
}
