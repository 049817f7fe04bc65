using System.Runtime.InteropServices;

namespace Fts.Cli;

/// <summary>
/// Standard input, output and error of the process. A stream that was closed when the program started (<c>&gt;&amp;-</c>) contains no input
/// and discards all output. Its descriptor is never used, because the system may have assigned the number to a socket or a file.
/// </summary>
internal static class StandardStreams
{
    /// <summary>Whether each of the descriptors 0, 1 and 2 was open at the start.</summary>
    private static readonly bool[] Inherited =
        [.. Enumerable.Range(0, 3).Select(descriptor => OperatingSystem.IsWindows() || UnixCalls.IsInherited(descriptor))];

    /// <summary>Handles that occupy the free descriptors below 3, so that no other file gets these numbers.</summary>
    private static readonly List<Microsoft.Win32.SafeHandles.SafeFileHandle> Placeholders = [];

    /// <summary>Whether standard input was open at the start.</summary>
    public static bool HasInput => Inherited[0];

    /// <summary>Whether standard output was open at the start.</summary>
    public static bool HasOutput => Inherited[1];

    /// <summary>Whether standard error was open at the start.</summary>
    public static bool HasError => Inherited[2];

    /// <summary>Returns standard input, or an empty stream if it was closed at the start.</summary>
    public static Stream Input => HasInput ? Console.OpenStandardInput() : Stream.Null;

    /// <summary>Returns standard output, or a stream that discards all data if it was closed at the start.</summary>
    public static Stream Output => OpenOutput(1, Console.OpenStandardOutput);

    /// <summary>Returns standard error, or a stream that discards all data if it was closed at the start.</summary>
    public static Stream Error => OpenOutput(2, Console.OpenStandardError);

    /// <summary>
    /// Records which streams are open, and occupies the descriptors of closed streams. Must run before the program opens a file or a
    /// socket.
    /// </summary>
    public static void Initialize()
    {
        while (!OperatingSystem.IsWindows() && Inherited.Contains(false) && Placeholders.Count < 3)
        {
            var placeholder = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            if (placeholder.DangerousGetHandle() > 2)
            {
                placeholder.Dispose();
                break;
            }

            Placeholders.Add(placeholder);
        }
    }

    private static Stream OpenOutput(int descriptor, Func<Stream> openConsole)
    {
        if (!Inherited[descriptor])
        {
            return Stream.Null;
        }

        return OperatingSystem.IsWindows() ? openConsole() : new OutputStream(descriptor);
    }

    /// <summary>
    /// Writes to the descriptor of standard output or error. The stream of .NET ignores that a reader closed the pipe, so a long download
    /// would continue although its output is discarded.
    /// </summary>
    private sealed class OutputStream(int descriptor) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (buffer.Length > 0)
            {
                nint written = UnixCalls.Write(descriptor, buffer);
                if (written >= 0)
                {
                    buffer = buffer[(int)written..];
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case UnixCalls.Interrupted:
                        break;
                    case UnixCalls.WouldBlock or UnixCalls.WouldBlockOnMac:
                        UnixCalls.WaitForOutput(descriptor);
                        break;
                    case UnixCalls.BrokenPipe:
                        throw new OutputException("the reader closed the pipe", isClosed: true, UnixCalls.BrokenPipe);
                    case var error:
                        throw new OutputException(Marshal.GetPInvokeErrorMessage(error), isClosed: false, error);
                }
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write(buffer.Span);
            return default;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
            // Nothing is buffered.
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

/// <summary>Thrown if standard output or error cannot be written.</summary>
internal sealed class OutputException : IOException
{
    /// <summary>Creates the exception for a failed write.</summary>
    /// <param name="reason">The message of the system.</param>
    /// <param name="isClosed">Whether the reader closed its end of the pipe, as <c>head</c> does. The program then exits silently.</param>
    /// <param name="errorNumber">The error number, for <see cref="LocalErrorText"/>.</param>
    public OutputException(string reason, bool isClosed, int errorNumber) : base(reason)
    {
        IsClosed = isClosed;
        HResult = errorNumber;
    }

    /// <summary>Whether the reader closed its end of the pipe.</summary>
    public bool IsClosed { get; }

    /// <summary>The error for the user; null if the program must exit silently.</summary>
    public UserError? Error => IsClosed
        ? null
        : new UserError(ExitCode.LocalFileError, $"cannot write to standard output: {LocalErrorText.Describe(this)}");
}
