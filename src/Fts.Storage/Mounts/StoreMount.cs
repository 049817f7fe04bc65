namespace Fts.Storage.Mounts;

/// <summary>A store that is mounted into the tree of another (<see cref="MountedStore"/>).</summary>
/// <param name="Path">The path of the mount point in the other store. Not the root.</param>
/// <param name="Store">The mounted store. The creator of the <see cref="StoreMount"/> disposes it.</param>
/// <param name="IsReadOnly">Whether the mounted store cannot be changed through this mount.</param>
public sealed record StoreMount(StorePath Path, IFileStore Store, bool IsReadOnly);
