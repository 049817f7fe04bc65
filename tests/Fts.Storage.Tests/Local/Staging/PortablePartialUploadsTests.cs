using Fts.Storage.Local.Staging;

namespace Fts.Storage.Tests.Local.Staging;

/// <summary>Partial uploads that are moved out of a directory for a call that needs an empty directory.</summary>
public sealed class PortablePartialUploadsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public PortablePartialUploadsTests() => Directory.CreateDirectory(_folder["in"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_partial_upload_that_cannot_be_moved_back_does_not_affect_the_others()
    {
        string[] uploads = [.. Enumerable.Range(1, 4).Select(_ => Path.Combine(_folder["in"], StagingNames.CreateRandom()))];
        foreach (string upload in uploads)
        {
            File.WriteAllText(upload, "partial");
        }

        // Directories that are not empty get the names of two uploads before these are moved back.
        Assert.Throws<IOException>(() => PortablePartialUploads.TryRunWithoutPartialUploads(_folder["in"], () =>
        {
            foreach (string upload in uploads[..2])
            {
                Directory.CreateDirectory(Path.Combine(upload, "sub"));
            }

            throw new IOException("The disk is full.");
        }));
        Assert.All(uploads[2..], upload => Assert.Equal("partial", File.ReadAllText(upload)));
        // The names of all uploads are free again.
        Assert.All(uploads[2..], upload => Assert.True(PortablePartialUploads.TryDelete(upload)));
        foreach (string upload in uploads[..2])
        {
            Directory.Delete(upload, recursive: true);
            File.WriteAllText(upload, "another");
            Assert.True(PortablePartialUploads.TryDelete(upload));
        }
    }
}
