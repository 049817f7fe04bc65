using Fts.Storage.Tests.Contract;

namespace Fts.Storage.Tests.Mounts;

public sealed class MountedAppending() : AppendingContract(StoreUnderTest.Mounted);

public sealed class MountedDirectories() : DirectoriesContract(StoreUnderTest.Mounted);

public sealed class MountedHashCaching() : HashCachingContract(StoreUnderTest.Mounted);

public sealed class MountedLinking() : LinkingContract(StoreUnderTest.Mounted);

public sealed class MountedListing() : ListingContract(StoreUnderTest.Mounted);

public sealed class MountedRenaming() : RenamingContract(StoreUnderTest.Mounted);

public sealed class MountedRestartOffset() : RestartOffsetContract(StoreUnderTest.Mounted);

public sealed class MountedResuming() : ResumingContract(StoreUnderTest.Mounted);

public sealed class MountedStoreErrors() : StoreErrorsContract(StoreUnderTest.Mounted);

public sealed class MountedWriting() : WritingContract(StoreUnderTest.Mounted);
