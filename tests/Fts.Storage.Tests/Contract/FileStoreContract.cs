namespace Fts.Storage.Tests.Contract;

/// <summary>
/// The base of the contract tests, which run on every store. Each topic derives from it, and one class per store from each topic.
/// </summary>
public abstract class FileStoreContract(Func<StoreUnderTest> create) : IDisposable
{
    private readonly StoreUnderTest _underTest = create();

    protected IFileStore Store => _underTest.Store;

    protected StoreUnderTest UnderTest => _underTest;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _underTest.Dispose();
        GC.SuppressFinalize(this);
    }

    protected ValueTask<IFileWriter> OpenWriteAsync(string path, WriteStart start) =>
        Store.OpenWriteAsync(StoreActions.At(path), start, Token);

    protected Task<StoreError> GetWriteErrorAsync(string path, WriteStart start) =>
        StoreActions.GetStoreErrorAsync(async () => await OpenWriteAsync(path, start));

    protected async Task<EntryKind?> GetKindAsync(string path) => (await Store.GetEntryAsync(StoreActions.At(path), Token))?.Kind;
}

public sealed class KernelWriting() : WritingContract(StoreUnderTest.Kernel);

public sealed class PortableWriting() : WritingContract(StoreUnderTest.Portable);

public sealed class MemoryWriting() : WritingContract(StoreUnderTest.InMemory);

public sealed class KernelRestartOffset() : RestartOffsetContract(StoreUnderTest.Kernel);

public sealed class PortableRestartOffset() : RestartOffsetContract(StoreUnderTest.Portable);

public sealed class MemoryRestartOffset() : RestartOffsetContract(StoreUnderTest.InMemory);

public sealed class KernelAppending() : AppendingContract(StoreUnderTest.Kernel);

public sealed class PortableAppending() : AppendingContract(StoreUnderTest.Portable);

public sealed class MemoryAppending() : AppendingContract(StoreUnderTest.InMemory);

public sealed class DurableKernelAppending() : AppendingContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableAppending() : AppendingContract(StoreUnderTest.DurablePortable);

public sealed class KernelResuming() : ResumingContract(StoreUnderTest.Kernel);

public sealed class PortableResuming() : ResumingContract(StoreUnderTest.Portable);

public sealed class MemoryResuming() : ResumingContract(StoreUnderTest.InMemory);

public sealed class DurableKernelResuming() : ResumingContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableResuming() : ResumingContract(StoreUnderTest.DurablePortable);

public sealed class DurableKernelWriting() : WritingContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableWriting() : WritingContract(StoreUnderTest.DurablePortable);

public sealed class DurableKernelRenaming() : RenamingContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableRenaming() : RenamingContract(StoreUnderTest.DurablePortable);

public sealed class DurableKernelDirectories() : DirectoriesContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableDirectories() : DirectoriesContract(StoreUnderTest.DurablePortable);

public sealed class KernelListing() : ListingContract(StoreUnderTest.Kernel);

public sealed class PortableListing() : ListingContract(StoreUnderTest.Portable);

public sealed class MemoryListing() : ListingContract(StoreUnderTest.InMemory);

public sealed class KernelRenaming() : RenamingContract(StoreUnderTest.Kernel);

public sealed class PortableRenaming() : RenamingContract(StoreUnderTest.Portable);

public sealed class MemoryRenaming() : RenamingContract(StoreUnderTest.InMemory);

public sealed class KernelDirectories() : DirectoriesContract(StoreUnderTest.Kernel);

public sealed class PortableDirectories() : DirectoriesContract(StoreUnderTest.Portable);

public sealed class MemoryDirectories() : DirectoriesContract(StoreUnderTest.InMemory);

public sealed class KernelNames() : NamesContract(StoreUnderTest.Kernel);

public sealed class PortableNames() : NamesContract(StoreUnderTest.Portable);

public sealed class MemoryNames() : NamesContract(StoreUnderTest.InMemory);

public sealed class KernelHashCaching() : HashCachingContract(StoreUnderTest.Kernel);

public sealed class MemoryHashCaching() : HashCachingContract(StoreUnderTest.InMemory);

public sealed class KernelStoreErrors() : StoreErrorsContract(StoreUnderTest.Kernel);

public sealed class PortableStoreErrors() : StoreErrorsContract(StoreUnderTest.Portable);

public sealed class MemoryStoreErrors() : StoreErrorsContract(StoreUnderTest.InMemory);

public sealed class KernelPartialUploadLimits() : PartialUploadLimitsContract(StoreUnderTest.Kernel);

public sealed class PortablePartialUploadLimits() : PartialUploadLimitsContract(StoreUnderTest.Portable);

public sealed class MemoryPartialUploadLimits() : PartialUploadLimitsContract(StoreUnderTest.InMemory);
