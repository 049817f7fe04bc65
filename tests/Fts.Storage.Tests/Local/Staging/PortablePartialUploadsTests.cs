using Fts.Storage.Local.Staging;

namespace Fts.Storage.Tests.Local.Staging;

/// <summary>Partial uploads that are moved aside for a call that needs an empty folder.</summary>
public sealed class PortablePartialUploadsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public PortablePartialUploadsTests() => Directory.CreateDirectory(_folder["in"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_that_cannot_be_moved_back_keeps_no_other_aside()
    {
        string[] uploads = [.. Enumerable.Range(1, 4).Select(_ => Path.Combine(_folder["in"], StagingNames.CreateRandom()))];
        foreach (string upload in uploads)
        {
            File.WriteAllText(upload, "partial");
        }

        // A folder that is not empty has the name of each of two uploads by then.
        Assert.Throws<IOException>(() => PortablePartialUploads.TryRunOnCleared(_folder["in"], () =>
        {
            foreach (string upload in uploads[..2])
            {
                Directory.CreateDirectory(Path.Combine(upload, "sub"));
            }

            throw new IOException("The disk is full.");
        }));
        Assert.All(uploads[2..], upload => Assert.Equal("partial", File.ReadAllText(upload)));
        // The slots of all of them are free again: nobody writes them.
        Assert.All(uploads[2..], upload => Assert.True(PortablePartialUploads.TryDelete(upload)));
        foreach (string upload in uploads[..2])
        {
            Directory.Delete(upload, recursive: true);
            File.WriteAllText(upload, "another");
            Assert.True(PortablePartialUploads.TryDelete(upload));
        }
    }
}
