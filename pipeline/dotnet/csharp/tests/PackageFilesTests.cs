namespace TheNamespace.Tests;

using System;
using System.IO;
using System.Text;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class PackageFilesTests : IDisposable
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("the right content");

    private static readonly PackageFile Expected =
        new("vocabulary", "Words.0a1b2c3d.vocab.txt", Checksum.Sha256(Content), Content.Length, "set TheModelOptions.VocabularyPath");

    private readonly string _folder = Directory.CreateTempSubdirectory("files of ü ").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_is_looked_for_beside_the_program_then_beside_the_assembly_then_in_the_package_above_it()
    {
        string program = Path.Combine(_folder, "program") + Path.DirectorySeparatorChar;
        string assembly = Path.Combine(_folder, "package", "lib", "net8.0");
        Assert.Equal(
            [Path.Combine(_folder, "program"), assembly, Path.Combine(_folder, "package", "model")],
            PackageFiles.Places(program, assembly));
    }

    [Fact]
    public void An_assembly_that_lies_beside_the_program_adds_the_package_alone()
    {
        Assert.Equal([Path.Combine(_folder, "a", "b"), Path.Combine(_folder, "model")], PackageFiles.Places(Path.Combine(_folder, "a", "b"), Path.Combine(_folder, "a", "b")));
    }

    [Fact]
    public void In_a_single_file_the_program_s_folder_is_the_only_place()
    {
        Assert.Equal([_folder], PackageFiles.Places(_folder, assemblyFolder: null));
    }

    [Fact]
    public void A_program_in_the_root_looks_there()
    {
        string root = Path.GetPathRoot(_folder)!;
        Assert.Equal([root], PackageFiles.Places(root, assemblyFolder: null));
    }

    [Fact]
    public void The_first_file_with_the_right_content_is_taken()
    {
        string stale = Folder("stale", "another content");
        string right = Folder("right", "the right content");
        using FileStream file = PackageFiles.OpenFirst(Expected, [Path.Combine(_folder, "none"), stale, right]);
        Assert.Equal(Path.Combine(right, Expected.Name), file.Name);
        Assert.Equal(0, file.Position);
    }

    [Fact]
    public void Where_no_content_is_right_the_first_file_is_named()
    {
        string stale = Folder("stale", "another content");
        string older = Folder("older", "an older content");
        var error = Assert.Throws<TheModelLoadException>(() => PackageFiles.OpenFirst(Expected, [stale, older]));
        Assert.StartsWith("Expected the vocabulary with SHA-256 " + Expected.Sha256 + " (17 bytes), got ", error.Message, StringComparison.Ordinal);
        Assert.Contains("(15 bytes) from " + Path.Combine(stale, Expected.Name), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_nowhere_names_each_place_and_what_to_do()
    {
        var error = Assert.Throws<TheModelLoadException>(() => PackageFiles.OpenFirst(Expected, ["/a", "/b"]));
        Assert.Equal(
            $"Expected the vocabulary at {Path.Combine("/a", Expected.Name)} or {Path.Combine("/b", Expected.Name)}, got: no such file."
            + " The package TheNamespace.TheModel 1.0.0 copies Words.0a1b2c3d.vocab.txt to the program's folder when the project is built or published:"
            + " rebuild the project, copy the file there, or set TheModelOptions.VocabularyPath.",
            error.Message);
    }

    [Fact]
    public void The_file_of_another_version_is_named()
    {
        string other = Path.Combine(_folder, "Words.99999999.vocab.txt");
        File.WriteAllText(other, "of another version");
        var error = Assert.Throws<TheModelLoadException>(() => PackageFiles.Open(Expected, Path.Combine(_folder, Expected.Name)));
        Assert.Contains($"got: no such file, but {other}, the vocabulary of another version of this package.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_beside_the_packages_own_names_that()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "missing.onnx");
        var error = Assert.Throws<TheModelLoadException>(() => TheModel.Load(path));
        string own = Path.Combine(AppContext.BaseDirectory, TheModel.ModelFile);
        Assert.Contains($"got: no such file, but {own}, the model of this package.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_its_place_is_said()
    {
        var error = Assert.Throws<TheModelLoadException>(() => PackageFiles.Open(Expected, _folder));
        Assert.StartsWith($"Expected the vocabulary at {_folder}, got: a folder. ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_said()
    {
        string path = Path.Combine(Folder("empty", string.Empty), Expected.Name);
        var error = Assert.Throws<TheModelLoadException>(() => PackageFiles.Open(Expected, path));
        Assert.StartsWith($"Expected the vocabulary at {path}, got: an empty file. ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_read_gives_the_system_s_words()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc/self/mem is Linux's");
        var error = Assert.Throws<TheModelLoadException>(() => PackageFiles.Open(Expected, "/proc/self/mem"));
        Assert.IsType<IOException>(error.InnerException);
        Assert.StartsWith("Expected the vocabulary at /proc/self/mem, got: " + error.InnerException.Message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_permission_is_said()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "needs a user whom permissions bind");
        string path = Path.Combine(Folder("forbidden", "the right content"), Expected.Name);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.None);
            var error = Assert.Throws<TheModelLoadException>(() => PackageFiles.Open(Expected, path));
            Assert.IsType<UnauthorizedAccessException>(error.InnerException);
        }
    }

    [Fact]
    public void A_checked_file_is_read_whole()
    {
        string path = Path.Combine(Folder("right", "the right content"), Expected.Name);
        Assert.Equal(Content, PackageFiles.ReadChecked(Expected, path));
    }

    [Fact]
    public void The_model_of_these_tests_is_found_beside_them()
    {
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, TheModel.ModelFile), PackageFiles.Find(PackageFile.Model));
    }

    private string Folder(string name, string content)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        File.WriteAllText(Path.Combine(folder, Expected.Name), content);
        return folder;
    }
}
