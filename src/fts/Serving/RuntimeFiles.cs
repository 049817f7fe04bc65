using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fts.Serving;

/// <summary>What .NET, the C library and OpenSSL read while a server runs, on the systems that .NET runs on. What is not there does no harm in these lists.</summary>
internal static class RuntimeFiles
{
    /// <summary>Folders that are read.</summary>
    public static IEnumerable<string> Folders =>
    [
        // Assemblies and libraries are loaded when they are first needed.
        AppContext.BaseDirectory, RuntimeEnvironment.GetRuntimeDirectory(),
        "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/nix/store", "/gnu/store", .. GetPathsFromVariable("LD_LIBRARY_PATH"),

        // OpenSSL's settings, and the certificates .NET looks through for those that vouch for the server's own. Not /etc/ssl/private.
        "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.d", "/etc/pki/ca-trust", "/etc/crypto-policies",
        "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/usr/share/crypto-policies", .. GetPathsFromVariable("SSL_CERT_DIR"), .. GetPathsFromVariable("OPENSSL_MODULES"),

        "/usr/share/zoneinfo", .. GetPathsFromVariable("TZDIR"),
        // Where systemd and its like keep what /etc/resolv.conf leads to, and write it anew.
        "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",

        // The collector looks at its limits, the start screen at the machine's addresses.
        "/proc/self", "/proc/sys/net/ipv4/conf", "/proc/sys/net/ipv6/conf", "/sys/fs/cgroup", "/sys/devices/system",
    ];

    /// <summary>Files that are read.</summary>
    public static IEnumerable<string> Files =>
    [
        "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/tls/cert.pem",
        .. GetPathsFromVariable("OPENSSL_CONF"), .. GetPathsFromVariable("SSL_CERT_FILE"),

        // For the names of --passive-address. Files and not their folder, which has more in it: one that is replaced while the server runs is not read again.
        "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",

        // Asked by the collector and by malloc, again and again.
        "/proc/meminfo", "/proc/sys/vm/overcommit_memory",
        "/dev/null", "/dev/urandom", "/dev/random",
    ];

    /// <summary>What is written: the names of threads.</summary>
    public static string ThreadNamesFolder => "/proc/self/task";

    /// <summary>
    /// Removes the pipes and the socket by which debuggers and profilers of the same user find this process. They are a way in that would stay open, and names
    /// the runtime would fail to remove at the end.
    /// </summary>
    public static void CloseDiagnostics()
    {
        try
        {
            // Read without a stream: that costs 2 ms at start. The 22nd word is when the process began; the second, in brackets, may hold anything.
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
            // No /proc, or a folder where nobody removes anything: then they stay, which is no reason not to serve.
        }
    }

    private static string[] GetPathsFromVariable(string variable) =>
        (Environment.GetEnvironmentVariable(variable) ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
}
