#include "kvctl/snapshot/manifest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include "kvctl/ndjson.hpp"
#include "kvctl/snapshot/checksum.hpp"

namespace ringkv::kvctl {

namespace {

constexpr const char* manifest_name = "snapshot.json";
constexpr std::uint64_t newest_format = 1;

Error storage_error(const std::filesystem::path& path, std::string_view what) {
    return {ErrorCode::storage, fmt::format("{}: {}", path.string(), what)};
}

std::string checksum_of(const Json& object) {
    Checksum checksum;
    checksum.add(json_text(object));
    return hexadecimal(checksum.value());
}

Json object_of(const Manifest& manifest) {
    Json object = {{"format", newest_format},
                   {"program", manifest.program},
                   {"began", manifest.began},
                   {"ended", manifest.ended},
                   {"cluster", manifest.cluster},
                   {"cluster_id", manifest.cluster_id},
                   {"epoch", manifest.epoch},
                   {"partitions", manifest.partitions},
                   {"replication", manifest.replication},
                   {"repair_after_ms", static_cast<std::uint64_t>(manifest.settings.repair_after.count())},
                   {"max_bytes_per_second", manifest.settings.max_bytes_per_second},
                   {"max_moves_per_node", std::uint64_t{manifest.settings.max_moves_per_node}},
                   {"max_moves_per_second", std::uint64_t{manifest.settings.max_moves_per_second}},
                   {"keys", manifest.keys},
                   {"bytes", manifest.bytes},
                   {"files", Json::array()}};
    for (const KeyFileSummary& file : manifest.files)
        object["files"].push_back(
            {{"name", file.name}, {"bytes", file.bytes}, {"keys", file.keys}, {"checksum", file.checksum}});
    return object;
}

// Takes what is there and is of that type; false: something is not.
class Fields {
  public:
    explicit Fields(const Json& object) : object_(object) {}
    void text(const char* name, std::string& into) {
        const auto found = object_.find(name);
        if (found != object_.end() && found->is_string())
            into = found->get<std::string>();
        else
            good_ = false;
    }
    template <class Number>
    void number(const char* name, Number& into) {
        const auto found = object_.find(name);
        if (found == object_.end() || !found->is_number_unsigned() ||
            found->get<std::uint64_t>() > std::numeric_limits<Number>::max())
            good_ = false;
        else
            into = static_cast<Number>(found->get<std::uint64_t>());
    }
    [[nodiscard]] bool good() const { return good_; }

  private:
    const Json& object_;
    bool good_ = true;
};

bool take_files(const Json& object, Manifest& manifest) {
    const auto found = object.find("files");
    if (found == object.end() || !found->is_array()) return false;
    for (const Json& each : *found) {
        if (!each.is_object()) return false;
        KeyFileSummary file;
        Fields fields(each);
        fields.text("name", file.name);
        fields.number("bytes", file.bytes);
        fields.number("keys", file.keys);
        fields.text("checksum", file.checksum);
        // A file of this directory, and of no other.
        if (!fields.good() || file.name.empty() || std::filesystem::path(file.name).filename() != file.name)
            return false;
        manifest.files.push_back(std::move(file));
    }
    return true;
}

std::optional<Manifest> manifest_of(const Json& object) {
    Manifest manifest;
    std::int64_t repair_after = 0;
    Fields fields(object);
    fields.text("program", manifest.program);
    fields.text("began", manifest.began);
    fields.text("ended", manifest.ended);
    fields.text("cluster", manifest.cluster);
    fields.text("cluster_id", manifest.cluster_id);
    fields.number("epoch", manifest.epoch);
    fields.number("partitions", manifest.partitions);
    fields.number("replication", manifest.replication);
    fields.number("repair_after_ms", repair_after);
    fields.number("max_bytes_per_second", manifest.settings.max_bytes_per_second);
    fields.number("max_moves_per_node", manifest.settings.max_moves_per_node);
    fields.number("max_moves_per_second", manifest.settings.max_moves_per_second);
    fields.number("keys", manifest.keys);
    fields.number("bytes", manifest.bytes);
    if (!fields.good() || !take_files(object, manifest)) return std::nullopt;
    manifest.settings.repair_after = std::chrono::milliseconds(repair_after);
    return manifest;
}

// What is in it, a directory's names too, is on the disk. -> false: errno says why not.
bool sync(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool done = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return done;
}

}  // namespace

Result<void> write_manifest(const std::filesystem::path& directory, const Manifest& manifest) {
    const std::filesystem::path path = directory / manifest_name;
    const std::filesystem::path draft = directory / fmt::format("{}.new", manifest_name);
    Json object = object_of(manifest);
    object["checksum"] = checksum_of(object);
    std::ofstream file(draft);
    file << json_text(object, 2) << '\n';
    file.close();
    const bool stored = file.good() && sync(draft) && ::rename(draft.c_str(), path.c_str()) == 0 && sync(directory);
    if (!stored) return storage_error(path, fmt::format("cannot be stored: {}", std::strerror(errno)));
    return {};
}

Result<Manifest> read_manifest(const std::filesystem::path& directory) {
    const std::filesystem::path path = directory / manifest_name;
    std::ifstream file(path);
    if (!file) {
        return storage_error(path, fmt::format("cannot be read: {}; without it a directory is no snapshot, or one that "
                                               "was not finished",
                                               std::strerror(errno)));
    }
    std::ostringstream text;
    text << file.rdbuf();
    Json object = Json::parse(text.str(), nullptr, false);
    if (!object.is_object()) return storage_error(path, "is damaged: it is no JSON object");
    std::uint64_t format = 0;
    std::string checksum;
    Fields fields(object);
    fields.number("format", format);
    fields.text("checksum", checksum);
    if (!fields.good()) return storage_error(path, "is damaged: its format or its checksum is missing");
    if (format > newest_format)
        return storage_error(path,
                             fmt::format("is of format {}; this kvctl knows formats up to {}", format, newest_format));
    object.erase("checksum");
    if (checksum_of(object) != checksum) return storage_error(path, "is damaged: it has another checksum");
    std::optional<Manifest> manifest = manifest_of(object);
    if (!manifest) return storage_error(path, "is damaged: a field is missing, or of another type");
    return std::move(*manifest);
}

}  // namespace ringkv::kvctl
