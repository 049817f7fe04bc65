using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fts.Serving;

/// <summary>
/// The files that .NET, the C library and OpenSSL read while a server runs. Paths that do not exist on a system are harmless.
/// </summary>
internal static class RuntimeFiles
{
    /// <summary>The folders whose files are read.</summary>
    public static IEnumerable<string> Folders =>
    [
        // Assemblies and libraries are loaded on first use.
        AppContext.BaseDirectory, RuntimeEnvironment.GetRuntimeDirectory(),
        "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/nix/store", "/gnu/store",
        .. GetPathsFromVariable("LD_LIBRARY_PATH"),

        // The configuration of OpenSSL, and the certificates from which .NET builds chains. /etc/ssl/private is not included.
        "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.d", "/etc/pki/ca-trust", "/etc/crypto-policies",
        "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/usr/share/crypto-policies",
        .. GetPathsFromVariable("SSL_CERT_DIR"), .. GetPathsFromVariable("OPENSSL_MODULES"),

        "/usr/share/zoneinfo", .. GetPathsFromVariable("TZDIR"),
        // /etc/resolv.conf may be a link into these folders, in which systemd and other services replace the file.
        "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",

        // .NET reads memory limits for the garbage collector, and network addresses for the start screen.
        "/proc/self", "/proc/sys/net/ipv4/conf", "/proc/sys/net/ipv6/conf", "/sys/fs/cgroup", "/sys/devices/system",
    ];

    /// <summary>The files that are read.</summary>
    public static IEnumerable<string> Files =>
    [
        "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem",
        "/etc/pki/tls/openssl.cnf", "/etc/pki/tls/cert.pem",
        .. GetPathsFromVariable("OPENSSL_CONF"), .. GetPathsFromVariable("SSL_CERT_FILE"),

        // The resolver reads these files for the names of --passive-address and --legacy-server. /etc itself is not readable, so a file
        // that is replaced later is not read again.
        "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",

        // The garbage collector and malloc read these files repeatedly.
        "/proc/meminfo", "/proc/sys/vm/overcommit_memory",
        "/dev/null", "/dev/urandom", "/dev/random",
    ];

    /// <summary>The folder to which the runtime writes the names of threads.</summary>
    public static string ThreadNamesFolder => "/proc/self/task";

    /// <summary>
    /// Deletes the pipes and the socket through which debuggers and profilers of the same user attach, because they would bypass the
    /// sandbox. In the sandbox, .NET could not delete these files at exit.
    /// </summary>
    public static void DeleteDiagnosticPipes()
    {
        try
        {
            // Field 22 is the start time (proc(5)): index 19 after field 2, which is in parentheses and can contain any character. A
            // FileStream would take 2 ms more.
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
            // Without /proc, or without permission, the pipes and the socket stay. The server runs anyway.
        }
    }

    private static string[] GetPathsFromVariable(string variable) =>
        (Environment.GetEnvironmentVariable(variable) ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
}
