using Fts.Protocol;

namespace Fts.Client;

/// <summary>STUB</summary>
public sealed class FtpConnection : IAsyncDisposable
{
    /// <summary>STUB</summary>
    public static Task<FtpConnection> ConnectAsync(FtpClientOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();
    /// <summary>STUB</summary>
    public Task SignInAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    /// <summary>STUB</summary>
    public Reply Greeting => throw new NotImplementedException();
    /// <summary>STUB</summary>
    public FtpServerFeatures Features => throw new NotImplementedException();
    /// <summary>STUB</summary>
    public bool IsUsable => throw new NotImplementedException();
    /// <summary>STUB</summary>
    public Task<Reply> SendAsync(string verb, string? argument, CancellationToken cancellationToken) => throw new NotImplementedException();
    /// <summary>STUB</summary>
    public Task<FtpDataStream> OpenDataAsync(string verb, string? argument, long restart, FtpDataDirection direction, CancellationToken cancellationToken) => throw new NotImplementedException();
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
