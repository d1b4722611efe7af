// A small file system in memory, which only root may mount: it can be full.
#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace ringkv::test {

class SmallDisk {
  public:
    // Precondition: the process may mount.
    explicit SmallDisk(std::filesystem::path path, unsigned megabytes = 16) : path_(std::move(path)) {
        std::filesystem::create_directories(path_);
        mounted_ = mount(megabytes, 0);
        reason_ = errno;
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] std::string why_not() const { return std::strerror(reason_); }
    // From now on it has room for so many. -> could it be done?
    [[nodiscard]] bool resize(unsigned megabytes) { return mount(megabytes, MS_REMOUNT); }
    // Until there is room for so many KiB (pages of 4 KiB). -> could it be done?
    [[nodiscard]] bool fill(std::uint64_t kibibytes_left = 0) {
        std::ofstream file(path_ / "filler", std::ios::binary | std::ios::app);
        const std::string page(4096, 'x');
        while (file.write(page.data(), 4096).flush()) {
        }
        std::error_code error;
        const std::uint64_t size = std::filesystem::file_size(path_ / "filler", error);
        const std::uint64_t less = kibibytes_left << 10U;
        if (error || size < less) return false;
        std::filesystem::resize_file(path_ / "filler", size - less, error);
        return !error;
    }
    void make_room() { std::filesystem::remove(path_ / "filler"); }

  private:
    [[nodiscard]] bool mount(unsigned megabytes, unsigned long flags) const {
        const std::string size = "size=" + std::to_string(megabytes) + "m";
        return ::mount("tmpfs", path_.c_str(), "tmpfs", flags, size.c_str()) == 0;
    }

    std::filesystem::path path_;
    bool mounted_ = false;
    int reason_ = 0;
};

}  // namespace ringkv::test
