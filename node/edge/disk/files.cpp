#include "node/edge/disk/files.hpp"

namespace ringkv {

Result<void> replace_file(DiskFolder& folder, const std::string& name, std::string_view contents) {
    const std::string beside = name + std::string(unfinished);
    const auto file = folder.create(beside);
    if (!file) return file.error();
    if (auto done = (*file)->write(0, contents); !done) return done;
    if (auto done = (*file)->sync(); !done) return done;
    if (auto done = folder.rename(beside, name); !done) return done;
    return folder.sync();
}

Result<void> remove_unfinished(DiskFolder& folder) {
    const auto names = folder.names();
    if (!names) return names.error();
    for (const std::string& name : *names)
        if (name.ends_with(unfinished))
            if (auto done = folder.remove(name); !done) return done;
    return {};
}

}  // namespace ringkv
