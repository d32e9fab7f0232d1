#include "redis/reply_builder.hpp"

#include <new>

namespace oneloop::redis {

namespace {

// The asynchronous part of hiredis takes every reply for a redisReply and looks at its type, so there is one
// in front.
struct node {
    redisReply as_hiredis_sees_it{};
    value content;
};

// The root of a reply is a node. What is inside an array is a value in the vector around it, which does not
// move before it is complete.
value& array_around(const redisReadTask& task) {
    return task.parent->parent ? *static_cast<value*>(task.parent->obj)
                               : static_cast<node*>(task.parent->obj)->content;
}

// hiredis takes null for "out of memory".
void* put(const redisReadTask& task, value v) noexcept {
    try {
        if (task.parent)
            return &array_around(task).items().emplace_back(std::move(v));
        auto* root = new node;
        root->as_hiredis_sees_it.type = task.type;
        root->content = std::move(v);
        return root;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void* create_string(const redisReadTask* task, char* text, size_t length) noexcept {
    using kind = value::kind;
    const kind what = task->type == REDIS_REPLY_ERROR    ? kind::error
                      : task->type == REDIS_REPLY_STATUS ? kind::status
                                                         : kind::text;
    try {
        return put(*task, value(what, std::string(text, length)));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void* create_array(const redisReadTask* task, hiredis_array_length length) noexcept {
    try {
        value::array items;
        // No more than max_reply allows; moving a hundred thousand of them now and then would keep the loop
        items.reserve(static_cast<std::size_t>(length));
        return put(*task, value(std::move(items)));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void* create_integer(const redisReadTask* task, long long number) noexcept {
    return put(*task, value(std::int64_t{number}));
}

void* create_nil(const redisReadTask* task) noexcept {
    return put(*task, value());
}

void free_object(void* reply) noexcept {
    delete static_cast<node*>(reply);
}

redisReplyObjectFunctions make_functions() {
    redisReplyObjectFunctions f{}; // what RESP3 needs in 1.x stays empty: the scanner lets none of it in
    f.createString = &create_string;
    f.createArray = &create_array;
    f.createInteger = &create_integer;
    f.createNil = &create_nil;
    f.freeObject = &free_object;
    return f;
}

} // namespace

redisReplyObjectFunctions reply_functions = make_functions();

value take_value(void* reply) {
    return std::move(static_cast<node*>(reply)->content);
}

} // namespace oneloop::redis
