using Fts.Protocol;

namespace Fts.Client.Transfers;

/// <summary>Runs transfers in ASCII mode (TYPE A) on connections that otherwise use TYPE I.</summary>
internal static class AsciiMode
{
    /// <summary>Whether lines of local text files end in LF, so that a transfer must convert them.</summary>
    public static bool HasLineFeedNewLines => Environment.NewLine == "\n";

    /// <summary>Checks that ASCII mode supports the options of a transfer.</summary>
    /// <exception cref="ArgumentException">
    /// The options require resumption or a comparison of hashes, which ASCII mode does not support.
    /// </exception>
    public static void ValidateOptions(FtpTransferOptions options)
    {
        if (options.Resume == FtpResume.PartialOrTarget || options.IsHashRequired)
        {
            throw new ArgumentException(
                $"A transfer in ASCII mode cannot be resumed ({nameof(FtpTransferOptions.Resume)})"
                    + $" or verified by hash ({nameof(FtpTransferOptions.Verification)}).",
                nameof(options));
        }
    }

    /// <summary>Runs a transfer in TYPE A, then restores TYPE I. Closes the connection if TYPE A may still be in effect.</summary>
    /// <exception cref="FtpReplyException">The server rejects TYPE A or the transfer.</exception>
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

    /// <summary>
    /// Restores TYPE I, even after a cancellation, because a connection in TYPE A would transfer the next file as text.
    /// </summary>
    private static async Task RestoreBinaryTypeAsync(FtpConnection connection)
    {
        bool isBinary = false;
        try
        {
            FtpReply reply = await connection.SendAsync("TYPE", "I", connection.Options.Timeouts.Resync, CancellationToken.None)
                .ConfigureAwait(false);
            isBinary = reply.IsCompletion;
        }
        catch (FtpException)
        {
            // Ignored, because the result of the transfer is known, and the pool opens another connection for the next call.
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
