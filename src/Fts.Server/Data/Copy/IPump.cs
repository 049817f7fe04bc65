using Fts.Storage;

namespace Fts.Server.Data.Copy;

/// <summary>Copies a file's bytes to or from a data connection.</summary>
/// <remarks>
/// <see cref="DataConnection"/> counts the bytes that it sends and receives. A pump that uses the socket directly counts its bytes itself.
/// </remarks>
internal interface IPump
{
    /// <summary>Sends a file from an offset to <see cref="IFileReader.Length"/>.</summary>
    ValueTask SendAsync(Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken);

    /// <summary>Receives into a staging file from an offset, until the end of the data.</summary>
    ValueTask ReceiveAsync(Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken);
}
