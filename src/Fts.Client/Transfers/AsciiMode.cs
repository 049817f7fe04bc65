using Fts.Protocol;

namespace Fts.Client.Transfers;

/// <summary>Transfers in ASCII mode (TYPE A) on connections that are otherwise in TYPE I.</summary>
internal static class AsciiMode
{
    /// <summary>Whether lines of local text files end in LF, so that the line ends must be converted.</summary>
    public static bool HasLineFeedNewLines => Environment.NewLine == "\n";

    /// <exception cref="ArgumentException">The options ask for something that ASCII mode cannot do.</exception>
    public static void ValidateOptions(FtpTransferOptions options)
    {
        if (options.Resume == FtpResume.PartialOrTarget || options.IsHashRequired)
        {
            throw new ArgumentException(
                $"A transfer in ASCII mode cannot be resumed ({nameof(FtpTransferOptions.Resume)}) or verified by hash ({nameof(FtpTransferOptions.Verification)}).", nameof(options));
        }
    }

    /// <summary>Runs a transfer in TYPE A, and sets TYPE I again. A connection whose type is uncertain is closed.</summary>
    /// <exception cref="FtpReplyException">The server refuses TYPE A, or the transfer.</exception>
    public static async Task<T> RunInAsciiAsync<T>(FtpConnection connection, Func<Task<T>> transfer, CancellationToken cancellationToken)
    {
        FtpReply reply = await connection.SendAsync("TYPE", "A", cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, "TYPE A");
        }

        T result;
        try
        {
            result = await transfer().ConfigureAwait(false);
        }
        catch (FtpReplyException) when (connection.IsUsable)
        {
            await RestoreBinaryTypeAsync(connection).ConfigureAwait(false);
            throw;
        }
        catch
        {
            connection.CloseImmediately();
            throw;
        }

        await RestoreBinaryTypeAsync(connection).ConfigureAwait(false);
        return result;
    }

    /// <summary>Sets TYPE I again, also after a cancellation: the connection would send the next file as text.</summary>
    private static async Task RestoreBinaryTypeAsync(FtpConnection connection)
    {
        bool isBinary = false;
        try
        {
            FtpReply reply = await connection.SendAsync("TYPE", "I", connection.Options.Timeouts.Resync, CancellationToken.None).ConfigureAwait(false);
            isBinary = reply.IsCompletion;
        }
        catch (FtpException)
        {
            // The transfer has ended. The pool opens another connection for the next call.
        }
        finally
        {
            if (!isBinary)
            {
                connection.CloseImmediately();
            }
        }
    }
}
