using Fts.Native;

namespace Fts.Trust;

/// <summary>
/// The certificate authorities that the system trusts. On Linux, .NET reads all their certificates for the first TLS handshake of a
/// process, even if they do not decide the trust.
/// </summary>
internal static class SystemAuthorities
{
    /// <summary>Whether this process trusts no authority of the system. It can then trust servers only by their keys.</summary>
    public static bool AreDisabled { get; private set; }

    /// <summary>
    /// Disables the authorities for the rest of the process, so that their certificates are not read. Must be called before the first TLS
    /// handshake. Has no effect on other systems than Linux.
    /// </summary>
    public static void Disable()
    {
        // .NET reads the variables of OpenSSL with getenv(3). Child processes get the unchanged copy that .NET made when Program.cs set its
        // first variable.
        AreDisabled = OperatingSystem.IsLinux() && Clear("SSL_CERT_DIR") && Clear("SSL_CERT_FILE");
    }

    private static bool Clear(string variable) => ProcessCalls.Setenv(variable, "", overwrite: 1) == 0;
}
