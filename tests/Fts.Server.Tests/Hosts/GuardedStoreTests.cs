using System.Reflection;
using Fts.Server.Hosts;
using Fts.Storage;

namespace Fts.Server.Tests.Hosts;

/// <summary>Tests that the guard forwards all calls to its store.</summary>
public sealed class GuardedStoreTests
{
    [Fact]
    public void The_guard_forwards_every_member_of_a_store()
    {
        // A default member of the interface would call the guard instead of the store's own implementation.
        MethodInfo[] targets = typeof(GuardedStore).GetInterfaceMap(typeof(IFileStore)).TargetMethods;
        Assert.NotEmpty(targets);
        Assert.All(targets, method => Assert.Equal(typeof(GuardedStore), method.DeclaringType));
    }
}
