using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

// Whatever is written goes where builds go, wherever this is started from.
string artifacts = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../microbench"));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance.WithArtifactsPath(artifacts));
