using Fts.Protocol;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>
/// Deletes partial uploads that were not resumed within <see cref="FtpServerOptions.PartialUploadLifetime"/>. The first sweep runs when the
/// server starts. Further sweeps follow once an hour, or once per lifetime if the lifetime is shorter than an hour.
/// </summary>
internal static class PartialUploadSweep
{
    private static readonly TimeSpan MaxInterval = TimeSpan.FromHours(1), MinInterval = TimeSpan.FromSeconds(1);

    /// <summary>Sweeps all stores periodically until the token is cancelled.</summary>
    public static async Task RunAsync(FtpServer server, CancellationToken cancellationToken)
    {
        TimeSpan lifetime = server.Options.PartialUploadLifetime;
        IFileStore[] hostStores = [.. server.Options.Hosts.Select(host => host.Store).Append(server.Options.Store).Distinct()];
        using var timer = new PeriodicTimer(TimeSpan.FromTicks(Math.Clamp(lifetime.Ticks, MinInterval.Ticks, MaxInterval.Ticks)));
        try
        {
            do
            {
                await SweepAllAsync(server, hostStores, DateTime.UtcNow - lifetime, cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private static async ValueTask SweepAllAsync(
        FtpServer server, IFileStore[] hostStores, DateTime before, CancellationToken cancellationToken)
    {
        try
        {
            foreach (IFileStore store in hostStores.Union(server.Options.GetAccountStores()))
            {
                await SweepAsync(server, store, before, cancellationToken);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.LoopFailed(server.Options.Logger, e, "sweep of the partial uploads of accounts");
        }
    }

    private static async ValueTask SweepAsync(FtpServer server, IFileStore store, DateTime before, CancellationToken cancellationToken)
    {
        try
        {
            int removed = await store.SweepPartialUploadsAsync(before, cancellationToken);
            if (removed > 0)
            {
                Log.PartialUploadsSwept(server.Options.Logger, removed);
            }
        }
        catch (StoreException e)
        {
            Log.PartialUploadSweepFailed(server.Options.Logger, e.Message.ToPrintable());
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.LoopFailed(server.Options.Logger, e, "sweep of partial uploads");
        }
    }
}
