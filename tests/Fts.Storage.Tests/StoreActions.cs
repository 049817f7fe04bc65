using System.Text;

namespace Fts.Storage.Tests;

/// <summary>Helpers for tests of a store.</summary>
internal static class StoreActions
{
    public static StorePath At(string path) =>
        StorePath.Root.Resolve(path) ?? throw new ArgumentException("The text is not a valid path.", nameof(path));

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] RandomBytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static Task WriteFileAsync(this IFileStore store, string path, string text, CancellationToken cancellationToken) =>
        store.WriteFileAsync(At(path), Bytes(text), cancellationToken);

    public static async Task WriteFileAsync(this IFileStore store, StorePath path, byte[] bytes, CancellationToken cancellationToken)
    {
        await using IFileWriter writer = await store.OpenWriteAsync(path, WriteStart.Replace, cancellationToken);
        await writer.WriteAsync(0, bytes, cancellationToken);
        await writer.CommitAsync(cancellationToken);
    }

    public static async Task<string> ReadFileAsync(this IFileStore store, string path, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await store.ReadFileAsync(At(path), cancellationToken));

    public static async Task<byte[]> ReadFileAsync(this IFileStore store, StorePath path, CancellationToken cancellationToken)
    {
        await using IFileReader reader = await store.OpenReadAsync(path, cancellationToken);
        return await reader.ReadAllAsync(cancellationToken);
    }

    public static async Task<byte[]> ReadAllAsync(this IFileReader reader, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[reader.Length];
        int done = 0, read;
        while ((read = await reader.ReadAsync(done, bytes.AsMemory(done), cancellationToken)) > 0)
        {
            done += read;
        }

        Assert.Equal(reader.Length, done);
        return bytes;
    }

    public static Task<List<FileEntry>> ListAsync(this IFileStore store, string folder, CancellationToken cancellationToken) =>
        store.ListEntriesAsync(At(folder), cancellationToken);

    public static async Task<List<FileEntry>> ListEntriesAsync(this IFileStore store, StorePath folder, CancellationToken cancellationToken)
    {
        var entries = new List<FileEntry>();
        await foreach (FileEntry entry in (await store.ListAsync(folder, cancellationToken)).WithCancellation(cancellationToken))
        {
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>Runs an action that the store must refuse, and returns the error.</summary>
    public static async Task<StoreError> GetStoreErrorAsync(Func<Task> action) => (await Assert.ThrowsAsync<StoreException>(action)).Error;
}
