using System.Runtime.InteropServices;

namespace Fts.Bench.Load;

/// <summary>
/// The libssl of the system. The TLS stream of .NET caches sessions by host name for all connections and uses more processor time. Here a
/// data connection resumes the session of its own control connection, and resumption can be verified.
/// </summary>
internal static unsafe partial class OpenSsl
{
    public const int ZeroReturn = 6, SentAndReceived = 3;

    private const string Library = "libssl.so.3", Crypto = "libcrypto.so.3";

    private const int SetReadAhead = 41, SetLowestVersion = 123, Tls13 = 0x0304;

    private const ulong IgnoreUnexpectedEnd = 1 << 7;

    private static readonly Lazy<nint> s_context = new(CreateContext);

    /// <summary>
    /// The context for all connections. It allows only TLS 1.3, the same for every server, and does not verify certificates.
    /// </summary>
    public static nint Context => s_context.Value;

    [LibraryImport(Library, EntryPoint = "SSL_new")]
    public static partial nint New(nint context);

    [LibraryImport(Library, EntryPoint = "SSL_set_fd")]
    public static partial int SetDescriptor(nint ssl, int descriptor);

    [LibraryImport(Library, EntryPoint = "SSL_connect")]
    public static partial int Connect(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_read")]
    public static partial int Read(nint ssl, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_write")]
    public static partial int Write(nint ssl, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_get_error")]
    public static partial int Error(nint ssl, int result);

    [LibraryImport(Library, EntryPoint = "SSL_shutdown")]
    public static partial int Shutdown(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_shutdown")]
    public static partial void SetShutdown(nint ssl, int mode);

    [LibraryImport(Library, EntryPoint = "SSL_free")]
    public static partial void Free(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_get1_session")]
    public static partial nint GetSession(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_session")]
    public static partial int SetSession(nint ssl, nint session);

    [LibraryImport(Library, EntryPoint = "SSL_session_reused")]
    public static partial int IsResumed(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_SESSION_is_resumable")]
    public static partial int IsResumable(nint session);

    [LibraryImport(Library, EntryPoint = "SSL_SESSION_free")]
    public static partial void FreeSession(nint session);

    /// <summary>Returns the text of the oldest error of this thread and clears the error queue.</summary>
    public static string TakeError()
    {
        ulong code = NextError();
        ClearErrors();
        if (code == 0)
        {
            return "the connection was lost";
        }

        byte* text = stackalloc byte[256];
        DescribeError(code, text, 256);
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    private static nint CreateContext()
    {
        nint context = NewContext(ClientMethod());
        Control(context, SetLowestVersion, Tls13, 0);
        // Reads many records with one system call, as the client without TLS reads many segments.
        Control(context, SetReadAhead, 1, 0);
        SetReadBuffer(context, 256 << 10);
        // The final reply and the byte count show whether a transfer is complete, so a missing close_notify is ignored.
        SetOptions(context, IgnoreUnexpectedEnd);
        return context;
    }

    [LibraryImport(Library, EntryPoint = "TLS_client_method")]
    private static partial nint ClientMethod();

    [LibraryImport(Library, EntryPoint = "SSL_CTX_new")]
    private static partial nint NewContext(nint method);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_ctrl")]
    private static partial nint Control(nint context, int what, nint value, nint more);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_default_read_buffer_len")]
    private static partial void SetReadBuffer(nint context, nint length);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_options")]
    private static partial ulong SetOptions(nint context, ulong options);

    [LibraryImport(Crypto, EntryPoint = "ERR_get_error")]
    private static partial ulong NextError();

    [LibraryImport(Crypto, EntryPoint = "ERR_clear_error")]
    private static partial void ClearErrors();

    [LibraryImport(Crypto, EntryPoint = "ERR_error_string_n")]
    private static partial void DescribeError(ulong code, byte* text, nint length);
}
