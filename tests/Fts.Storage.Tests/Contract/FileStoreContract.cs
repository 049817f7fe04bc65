namespace Fts.Storage.Tests.Contract;

/// <summary>What holds on every store. Each story of the contract derives from this, and one class per store from each story.</summary>
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

    protected ValueTask<IFileWriter> OpenWriteAsync(string path, WriteStart start) => Store.OpenWriteAsync(StoreActions.At(path), start, Token);

    protected Task<StoreError> WriteRefusalAsync(string path, WriteStart start) => StoreActions.RefusalAsync(async () => await OpenWriteAsync(path, start));

    protected async Task<EntryKind?> KindAsync(string path) => (await Store.FindAsync(StoreActions.At(path), Token))?.Kind;
}

public sealed class KernelWriting() : WritingContract(StoreUnderTest.Kernel);

public sealed class PortableWriting() : WritingContract(StoreUnderTest.Portable);

public sealed class MemoryWriting() : WritingContract(StoreUnderTest.InMemory);

public sealed class KernelRestarting() : RestartingContract(StoreUnderTest.Kernel);

public sealed class PortableRestarting() : RestartingContract(StoreUnderTest.Portable);

public sealed class MemoryRestarting() : RestartingContract(StoreUnderTest.InMemory);

public sealed class KernelResuming() : ResumingContract(StoreUnderTest.Kernel);

public sealed class PortableResuming() : ResumingContract(StoreUnderTest.Portable);

public sealed class MemoryResuming() : ResumingContract(StoreUnderTest.InMemory);

public sealed class DurableKernelResuming() : ResumingContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableResuming() : ResumingContract(StoreUnderTest.DurablePortable);

public sealed class DurableKernelWriting() : WritingContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableWriting() : WritingContract(StoreUnderTest.DurablePortable);

public sealed class DurableKernelRenaming() : RenamingContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableRenaming() : RenamingContract(StoreUnderTest.DurablePortable);

public sealed class DurableKernelFolders() : FoldersContract(StoreUnderTest.DurableKernel);

public sealed class DurablePortableFolders() : FoldersContract(StoreUnderTest.DurablePortable);

public sealed class KernelListing() : ListingContract(StoreUnderTest.Kernel);

public sealed class PortableListing() : ListingContract(StoreUnderTest.Portable);

public sealed class MemoryListing() : ListingContract(StoreUnderTest.InMemory);

public sealed class KernelRenaming() : RenamingContract(StoreUnderTest.Kernel);

public sealed class PortableRenaming() : RenamingContract(StoreUnderTest.Portable);

public sealed class MemoryRenaming() : RenamingContract(StoreUnderTest.InMemory);

public sealed class KernelFolders() : FoldersContract(StoreUnderTest.Kernel);

public sealed class PortableFolders() : FoldersContract(StoreUnderTest.Portable);

public sealed class MemoryFolders() : FoldersContract(StoreUnderTest.InMemory);

public sealed class KernelNames() : NamesContract(StoreUnderTest.Kernel);

public sealed class PortableNames() : NamesContract(StoreUnderTest.Portable);

public sealed class MemoryNames() : NamesContract(StoreUnderTest.InMemory);

public sealed class KernelRemembering() : RememberingContract(StoreUnderTest.Kernel);

public sealed class MemoryRemembering() : RememberingContract(StoreUnderTest.InMemory);

public sealed class KernelRefusal() : RefusalContract(StoreUnderTest.Kernel);

public sealed class PortableRefusal() : RefusalContract(StoreUnderTest.Portable);

public sealed class MemoryRefusal() : RefusalContract(StoreUnderTest.InMemory);

public sealed class KernelPartialLimits() : PartialLimitsContract(StoreUnderTest.Kernel);

public sealed class PortablePartialLimits() : PartialLimitsContract(StoreUnderTest.Portable);

public sealed class MemoryPartialLimits() : PartialLimitsContract(StoreUnderTest.InMemory);
