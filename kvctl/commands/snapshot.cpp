// snapshot save, verify, restore: all keys of a cluster as files that are checked whenever they are read.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "kvctl/commands/commands.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/snapshot/manifest.hpp"
#include "kvctl/text.hpp"
#include "kvctl/writes.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t usual_file_bytes = std::uint64_t{256} << 20U;
constexpr std::size_t most_failures_named = 20;

std::string time_now() {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

// ---------------------------------------------------------------- save

// Begins a file after the other.
class Files {
  public:
    Files(std::filesystem::path directory, std::uint64_t file_bytes)
        : directory_(std::move(directory)), file_bytes_(file_bytes) {}

    [[nodiscard]] Result<void> add(const KeyValue& entry) {
        if (writer_ == nullptr) {
            auto made = KeyFileWriter::create(directory_ / fmt::format("keys-{:05}", finished_.size()));
            if (!made) return made.error();
            writer_ = std::move(*made);
        }
        if (auto added = writer_->add(entry); !added) return added;
        return writer_->bytes() < file_bytes_ ? Result<void>() : finish();
    }
    [[nodiscard]] Result<void> finish() {
        if (writer_ == nullptr) return {};
        auto summary = writer_->finish();
        if (!summary) return summary.error();
        finished_.push_back(std::move(*summary));
        writer_.reset();
        return {};
    }
    [[nodiscard]] std::vector<KeyFileSummary> take() { return std::move(finished_); }

  private:
    const std::filesystem::path directory_;
    const std::uint64_t file_bytes_;
    std::unique_ptr<KeyFileWriter> writer_;
    std::vector<KeyFileSummary> finished_;
};

Result<void> make_empty_directory(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (!error && !std::filesystem::is_empty(directory, error) && !error)
        return Error(
            ErrorCode::invalid_argument,
            fmt::format("{} is not empty: a snapshot is saved into a directory of its own", directory.string()));
    if (error) return Error(ErrorCode::storage, fmt::format("{}: {}", directory.string(), error.message()));
    return {};
}

Result<Manifest> describe_cluster(Context& context, Client& client) {
    const auto status = client.status();
    if (!status) return status.error();
    auto admin = connect_admin(context);
    if (!admin) return admin.error();
    const auto settings = admin->settings();
    if (!settings) return settings.error();
    Manifest manifest;
    manifest.program = fmt::format("kvctl {}", context.program.version);
    manifest.began = time_now();
    manifest.cluster = status->cluster;
    manifest.cluster_id = status->cluster_id;
    manifest.epoch = status->epoch;
    manifest.partitions = status->total;
    manifest.replication = status->replication;
    manifest.settings = *settings;
    return manifest;
}

Json json_of(const Manifest& manifest, const std::filesystem::path& directory) {
    return {{"directory", directory.string()}, {"cluster", manifest.cluster},   {"cluster_id", manifest.cluster_id},
            {"began", manifest.began},         {"ended", manifest.ended},       {"keys", manifest.keys},
            {"bytes", manifest.bytes},         {"files", manifest.files.size()}};
}

// The manifest comes last: with it the directory is a snapshot.
Result<void> finish_save(const std::filesystem::path& directory, Files& files, Manifest& manifest) {
    if (auto finished = files.finish(); !finished) return finished;
    manifest.files = files.take();
    manifest.ended = time_now();
    return write_manifest(directory, manifest);
}

void tell_saved(const Context& context, const std::filesystem::path& directory, const Manifest& manifest) {
    if (context.json) return print_json(context, json_of(manifest, directory));
    context.console.out << fmt::format("saved {} keys, {}, in {} of {}\n", grouped(manifest.keys),
                                       readable_size(static_cast<double>(manifest.bytes)),
                                       counted(manifest.files.size(), "file"), directory.string());
}

ExitCode save(Context& context, const std::filesystem::path& directory) {
    if (auto made = make_empty_directory(directory); !made)
        return report(context, made.error(), "another directory, which need not be there");
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    auto manifest = describe_cluster(context, *client);
    if (!manifest) return report(context, manifest.error());

    const InterruptWatch watch;
    Progress progress(context.console, "saved", std::nullopt);
    Files files(directory, context.arguments.number("--file-size").value_or(usual_file_bytes));
    Result<void> stored;
    const auto scanned = client->scan("", {}, [&](const KeyValue& entry) {
        stored = files.add(entry);
        if (!stored) return false;
        manifest->bytes += entry.key.size() + entry.value.size();
        progress.update(++manifest->keys, 0);
        return !interrupted();
    });
    if (scanned && stored && !interrupted()) {
        stored = finish_save(directory, files, *manifest);
        if (stored) {
            progress.clear();
            tell_saved(context, directory, *manifest);
            return ExitCode::ok;
        }
    }
    progress.clear();
    context.console.say(
        fmt::format("kvctl snapshot: not finished, after {} keys: {} has no snapshot.json, and cannot be "
                    "restored",
                    grouped(manifest->keys), directory.string()));
    if (!scanned) return report(context, scanned.error());
    if (!stored) return report(context, stored.error());
    return ExitCode::interrupted;
}

// ---------------------------------------------------------------- verify

// Reads a whole file. -> what is wrong with it, if anything.
Result<void> check_file(const std::filesystem::path& directory, const KeyFileSummary& said, Progress& progress,
                        std::uint64_t& keys, std::uint64_t& bytes) {
    auto reader = KeyFileReader::open(directory / said.name);
    if (!reader) return reader.error();
    for (;;) {
        const auto entry = (*reader)->next();
        if (!entry) return entry.error();
        if (!*entry) break;
        bytes += (*entry)->key.size() + (*entry)->value.size();
        progress.update(++keys, bytes);
    }
    if ((*reader)->summary() == said) return {};
    return Error(ErrorCode::storage,
                 fmt::format("{}: is whole, but not the file that the manifest names: it has another number of keys or "
                             "another checksum",
                             (directory / said.name).string()));
}

// Says each problem. -> is all of it right?
bool check(const Context& context, const std::filesystem::path& directory, const Manifest& manifest) {
    Progress progress(context.console, "verified", manifest.bytes);
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
    bool good = true;
    for (const KeyFileSummary& file : manifest.files) {
        const auto checked = check_file(directory, file, progress, keys, bytes);
        if (checked) continue;
        good = false;
        progress.say(fmt::format("kvctl snapshot: {}", checked.error().message()));
    }
    progress.clear();
    if (good && (keys != manifest.keys || bytes != manifest.bytes)) {
        good = false;
        context.console.say("kvctl snapshot: the files have other keys than the manifest says");
    }
    return good;
}

ExitCode verify(Context& context, const std::filesystem::path& directory) {
    const auto manifest = read_manifest(directory);
    if (!manifest) return report(context, manifest.error());
    const bool good = check(context, directory, *manifest);
    if (context.json) {
        Json object = json_of(*manifest, directory);
        object["good"] = good;
        print_json(context, object);
    } else if (good) {
        context.console.out << fmt::format("good: {} keys, {}, of cluster '{}', {} to {}\n", grouped(manifest->keys),
                                           readable_size(static_cast<double>(manifest->bytes)),
                                           escape(manifest->cluster), manifest->began, manifest->ended);
    }
    return good ? ExitCode::ok : ExitCode::failed;
}

// ---------------------------------------------------------------- restore

class Restorer {
  public:
    Restorer(const Context& context, Client& client, std::filesystem::path directory, const Manifest& manifest)
        : context_(context),
          client_(client),
          directory_(std::move(directory)),
          manifest_(manifest),
          progress_(context.console, "restored", manifest.bytes),
          writes_(std::make_shared<Writes>()) {}

    ExitCode run() {
        const InterruptWatch watch;
        Result<void> read;
        for (const KeyFileSummary& file : manifest_.files) {
            if (read && !interrupted()) read = restore(file);
        }
        while (!writes_->all_done(100ms)) show();
        show();
        progress_.clear();
        if (!read) worst_ = worse(worst_, report(context_, read.error()));
        summarise();
        return interrupted() ? ExitCode::interrupted : worst_;
    }

  private:
    Result<void> restore(const KeyFileSummary& file) {
        auto reader = KeyFileReader::open(directory_ / file.name);
        if (!reader) return reader.error();
        while (!interrupted()) {
            const auto entry = (*reader)->next();
            if (!entry) return entry.error();
            if (!*entry) return {};
            while (!writes_->room_for((*entry)->key.size() + (*entry)->value.size(), 100ms)) show();
            writes_->put(client_, 0, (*entry)->key, (*entry)->value);
            show();
        }
        return {};
    }

    void show() {
        for (const FailedWrite& failure : writes_->take_failures()) {
            worst_ = worse(worst_, exit_code(failure.error));
            if (failure.error.maybe_applied()) ++unknown_;
            if (++failed_ > most_failures_named) continue;
            progress_.say(fmt::format("kvctl snapshot: {}: {}: {}", named(failure.key), to_string(failure.error.code()),
                                      failure.error.message()));
        }
        progress_.update(writes_->stored(), writes_->stored_bytes());
    }

    void summarise() const {
        const std::uint64_t stored = writes_->stored();
        const double seconds = progress_.seconds();
        if (context_.json) {
            print_json(context_, {{"stored", stored},
                                  {"failed", failed_},
                                  {"outcome_unknown", unknown_},
                                  {"keys", manifest_.keys},
                                  {"seconds", seconds}});
        } else {
            context_.console.out << fmt::format("restored {} of {} keys in {:.1f} s ({} keys/s)\n", grouped(stored),
                                                grouped(manifest_.keys), seconds,
                                                rate(static_cast<double>(stored) / std::max(seconds, 1e-3)));
        }
        if (stored != manifest_.keys)
            context_.console.say(
                fmt::format("kvctl snapshot: {} keys are not restored; the same command with --overwrite "
                            "stores all of them again",
                            grouped(manifest_.keys - stored)));
    }

    const Context& context_;
    Client& client_;
    const std::filesystem::path directory_;
    const Manifest& manifest_;
    Progress progress_;
    std::shared_ptr<Writes> writes_;
    ExitCode worst_ = ExitCode::ok;
    std::uint64_t failed_ = 0;
    std::uint64_t unknown_ = 0;  // of those
};

// What an operator may want to set as it was.
void tell_differences(Context& context, Client& client, const Manifest& was) {
    const auto status = client.status();
    auto admin = connect_admin(context);
    if (!status || !admin) return;
    const auto is = admin->settings();
    if (!is) return;
    const auto tell = [&](std::string_view name, const auto& before, const auto& now) {
        if (before != now) context.console.say(fmt::format("note: {} was {}, and is {} here", name, before, now));
    };
    tell("replication", was.replication, std::uint64_t{status->replication});
    tell("repair_after", exact(was.settings.repair_after), exact(is->repair_after));
    tell("rebalance.max_bytes_per_second", exact_size(was.settings.max_bytes_per_second),
         exact_size(is->max_bytes_per_second));
    tell("rebalance.max_moves_per_node", was.settings.max_moves_per_node, is->max_moves_per_node);
    tell("rebalance.max_moves_per_second", was.settings.max_moves_per_second, is->max_moves_per_second);
}

ExitCode restore(Context& context, const std::filesystem::path& directory) {
    const auto manifest = read_manifest(directory);
    if (!manifest) return report(context, manifest.error());
    if (!check(context, directory, *manifest))
        return report(context, Error(ErrorCode::storage, "the snapshot is damaged: nothing was restored"));
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    if (!context.arguments.has("--overwrite")) {
        const auto some = client->scan("", {.limit = 1, .keys_only = true}, [](const KeyValue&) { return true; });
        if (!some) return report(context, some.error());
        if (*some != 0)
            return report(context, Error(ErrorCode::refused, "the cluster has keys already: nothing was restored"),
                          "--overwrite, which stores the snapshot's keys over them, and leaves all others");
    }
    tell_differences(context, *client, *manifest);
    return Restorer(context, *client, directory, *manifest).run();
}

}  // namespace

ExitCode run_snapshot(Context& context) {
    const std::string& what = context.arguments.words[0];
    const std::filesystem::path directory = context.arguments.words[1];
    if (what == "save") return save(context, directory);
    if (what == "verify") return verify(context, directory);
    if (what == "restore") return restore(context, directory);
    return report(context, Error(ErrorCode::invalid_argument,
                                 fmt::format("'{}' is none of save, verify and restore", escape(what))));
}

}  // namespace ringkv::kvctl
