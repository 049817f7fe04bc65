using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

// The results go to the artifacts directory, independent of the current directory.
string artifacts = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../microbench"));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance.WithArtifactsPath(artifacts));
