using Fts.Storage.Tests;
using Fts.Storage.Tests.Local.Confinement;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// Like the entry point that the test runner generates, but a test also starts this program as the process that swaps a directory and a
// link.
return args is [PathSwapper.Option, .. string[] rest] ? PathSwapper.Run(rest)
    : args.Contains("--server") || args.Contains("--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
