using Fts.Native;

namespace Fts.Trust;

/// <summary>
/// The certificate authorities that the system trusts. On Linux, .NET reads all their certificates at the first TLS handshake of a process,
/// even if the client trusts the server by its key.
/// </summary>
internal static class SystemAuthorities
{
    /// <summary>Whether the authorities of the system are disabled. Servers can then be trusted only by their keys.</summary>
    public static bool AreDisabled { get; private set; }

    /// <summary>
    /// Disables the authorities until the process exits, so that their certificates are not read. Must be called before the first TLS
    /// handshake. Has no effect on systems other than Linux.
    /// </summary>
    public static void Disable()
    {
        // .NET reads the variables of OpenSSL with getenv(3), so setenv(3) takes effect. Child processes receive the unchanged copy of the
        // environment that .NET made when Program.cs set a variable.
        AreDisabled = OperatingSystem.IsLinux() && TryClearVariable("SSL_CERT_DIR") && TryClearVariable("SSL_CERT_FILE");
    }

    private static bool TryClearVariable(string variable) => ProcessCalls.Setenv(variable, "", overwrite: 1) == 0;
}
