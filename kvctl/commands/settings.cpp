// settings: what may be changed while the cluster runs, in the words and units of registry.yaml.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "kvctl/commands/commands.hpp"
#include "kvctl/table.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

struct Setting {
    std::string_view name;
    std::string_view example;
    std::string (*get)(const Settings& settings);
    // False: not such a value.
    bool (*set)(SettingsChange& change, std::string_view value);
};

bool set_repair_after(SettingsChange& change, std::string_view value) {
    change.repair_after = value == "0" ? std::chrono::milliseconds(0) : parse_duration(value);
    return change.repair_after.has_value();
}

bool set_rate(SettingsChange& change, std::string_view value) {
    change.max_bytes_per_second = parse_size(value);
    return change.max_bytes_per_second.has_value();
}

template <std::optional<std::uint32_t> SettingsChange::*member>
bool set_number(SettingsChange& change, std::string_view value) {
    const auto number = parse_number(value);
    if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return false;
    change.*member = static_cast<std::uint32_t>(*number);
    return true;
}

const std::array<Setting, 4> all_settings = {
    {{"repair_after", "30s, 10min or 0", [](const Settings& it) { return exact(it.repair_after); }, set_repair_after},
     {"rebalance.max_bytes_per_second", "64MiB or 500KiB",
      [](const Settings& it) { return exact_size(it.max_bytes_per_second); }, set_rate},
     {"rebalance.max_moves_per_node", "4", [](const Settings& it) { return std::to_string(it.max_moves_per_node); },
      set_number<&SettingsChange::max_moves_per_node>},
     {"rebalance.max_moves_per_second", "10",
      [](const Settings& it) { return std::to_string(it.max_moves_per_second); },
      set_number<&SettingsChange::max_moves_per_second>}}};

Error usage_error(std::string text) {
    return {ErrorCode::invalid_argument, std::move(text)};
}

Result<const Setting*> find(const std::string& name) {
    std::vector<std::string_view> names;
    for (const Setting& setting : all_settings) {
        if (setting.name == name) return &setting;
        names.push_back(setting.name);
    }
    const auto meant = nearest(name, names);
    std::string text = fmt::format("there is no setting '{}' that can be changed", escape(name));
    return usage_error(meant ? text + fmt::format("; did you mean '{}'?", *meant) : text + "; `kvctl settings get`");
}

ExitCode show(Context& context, Admin& admin, const Setting* only) {
    const auto settings = admin.settings();
    if (!settings) return report(context, settings.error());
    if (only != nullptr && !context.json) {
        context.console.out << only->get(*settings) << '\n';
        return ExitCode::ok;
    }
    Json object = Json::object();
    Table table({{"SETTING"}, {"VALUE"}});
    for (const Setting& setting : all_settings) {
        if (only != nullptr && only != &setting) continue;
        object[std::string(setting.name)] = setting.get(*settings);
        table.add({std::string(setting.name), setting.get(*settings)});
    }
    if (context.json)
        print_json(context, object);
    else
        table.print(context.console);
    return ExitCode::ok;
}

ExitCode set(Context& context, const Setting& setting, const std::string& value) {
    SettingsChange change;
    if (!setting.set(change, value))
        return report(context, usage_error(fmt::format("{} needs a value such as {}, not '{}'", setting.name,
                                                       setting.example, escape(value))));
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    if (const auto changed = admin->change_settings(change); !changed)
        return report(context, changed.error(), "kvctl settings get, which shows what holds now");
    return show(context, *admin, &setting);
}

}  // namespace

ExitCode run_settings(Context& context) {
    const std::vector<std::string>& words = context.arguments.words;
    const bool getting = words[0] == "get" && words.size() <= 2;
    const bool setting = words[0] == "set" && words.size() == 3;
    if (!getting && !setting)
        return report(context, usage_error("the form is: kvctl settings get [NAME], or kvctl settings set NAME VALUE"));
    const Setting* named = nullptr;
    if (words.size() > 1) {
        const auto found = find(words[1]);
        if (!found) return report(context, found.error());
        named = *found;
    }
    if (setting && named != nullptr) return set(context, *named, words[2]);
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    return show(context, *admin, named);
}

}  // namespace ringkv::kvctl
