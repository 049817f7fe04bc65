using Fts.Storage.Tests;
using Fts.Storage.Tests.Local.Confinement;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// What the runner would make by itself, but that a test starts this program once more as the neighbour that exchanges a folder and a link.
return args is [PathSwapper.Word, .. string[] rest] ? PathSwapper.Run(rest)
    : args.Contains("--server") || args.Contains("--internal-msbuild-node") ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
